// The player opens the camera in a frame of its own and offers no way to slow it down later.
// This remembers the tracks that it opens and gives them the rate the server can keep up with.
const tracks = new Set();
let rate = 30;
let timer = 0;

function setRate(track) {
  if (track.readyState === "ended") {
    tracks.delete(track);
  } else {
    // A camera that cannot, goes on as it is; the server passes pictures over then.
    track
      .applyConstraints({ ...track.getConstraints(), frameRate: { ideal: rate, max: rate } })
      .catch(() => {});
  }
}

function watchPlayer() {
  const frame = document.querySelector("iframe[title*=webrtc]");
  const devices = frame?.contentWindow?.navigator?.mediaDevices;
  if (!devices || devices.watchedByMasklens) return;
  devices.watchedByMasklens = true;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await open(constraints);
    stream.getVideoTracks().forEach((track) => {
      tracks.add(track);
      setRate(track);
    });
    return stream;
  };
}

export default function ({ data }) {
  watchPlayer();
  timer ||= setInterval(watchPlayer, 300); // the player may come later, or anew
  if (data.rate !== rate) {
    rate = data.rate;
    tracks.forEach(setRate);
  }
  return () => {
    clearInterval(timer);
    timer = 0;
  };
}
