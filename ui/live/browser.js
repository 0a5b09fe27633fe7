// What the browser says of the camera. The component is mounted anew with every visit to the
// page; what must outlive that, such as the number of the last try, stands out here.
const facts = {
  secure: window.isSecureContext,
  api: Boolean(navigator.mediaDevices?.getUserMedia),
  permission: "unknown",
  cameras: null,
  error: null,
  asking: false,
  // iPads say that they are Macs, which have no touch screen.
  user_agent:
    navigator.userAgent.slice(0, 400) +
    (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1 ? " iPad" : ""),
};
let send = null;
let sent = "";
let timer = 0;
let patience = 0;
let tried = 0;
let trying = false;
let asked = 0;
let status = null;
let lookout = 0;
// Of the player's camera, which it offers no way to slow down later.
const tracks = new Set();
let rate = 30;

// Every message lets Python run: nothing is said twice, nor in several pieces.
function tellSoon(milliseconds = 200) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const text = JSON.stringify(facts);
    if (send && text !== sent) {
      sent = text;
      send(JSON.parse(text));
    }
  }, milliseconds);
}

async function askPermission() {
  try {
    status = await navigator.permissions.query({ name: "camera" });
    status.onchange = () => {
      facts.permission = status.state;
      // What a try met under the old permission holds no longer; a camera that worked does.
      if (facts.error || status.state === "denied") facts.error = null;
      watchQuestion();
      countCameras();
    };
    facts.permission = status.state;
  } catch {
    // Some browsers do not tell.
  }
}

async function countCameras() {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === "videoinput").length;
    if (facts.cameras !== null && cameras !== facts.cameras && facts.error) facts.error = null;
    facts.cameras = cameras;
  } catch {
    facts.cameras = null;
  }
  tellSoon();
}

// Whether the browser's question stands unanswered cannot be asked. But Start in the player
// moves the focus into its frame, and while that is so and nothing is decided, it may well be.
function watchQuestion() {
  const player = document.activeElement?.matches("iframe[title*=webrtc]");
  const open = trying
    ? !["granted", "denied"].includes(facts.permission)
    : player && facts.permission === "prompt";
  clearTimeout(patience);
  if (open) {
    patience = setTimeout(() => {
      facts.asking = true;
      tellSoon();
    }, 3000);
  } else {
    facts.asking = false;
    tellSoon();
  }
}

async function tryCamera() {
  facts.error = null;
  trying = true;
  watchQuestion();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    stream.getTracks().forEach((track) => track.stop());
    facts.error = "";
  } catch (error) {
    facts.error = nameOf(error);
  }
  trying = false;
  watchQuestion();
  countCameras();
}

// The player opens the camera in a frame of its own, and where that fails it shows the browser's
// words. These are hidden, and what it met is told from here, where there are plainer ones.
// So is its sign for no picture, which is as high as a picture (webrtc.py has words behind it).
function watchPlayer() {
  const inside = document.querySelector("iframe[title*=webrtc]")?.contentWindow;
  const page = inside?.document;
  if (page?.head && !page.getElementById("masklens-quiet")) {
    const style = page.createElement("style");
    style.id = "masklens-quiet";
    style.textContent = `
      .MuiAlert-root, [data-testid=VideoLabelIcon] { display: none !important; }
      body:has(.MuiPaper-elevation0:not(.MuiAlert-root)) { background: none; }
      .MuiPaper-root.MuiPaper-elevation0 {
        min-height: 75vw; align-items: flex-end; background: none;
      }`;
    page.head.append(style);
  }
  const devices = inside?.navigator?.mediaDevices;
  if (!devices || devices.toldToMasklens) return;
  devices.toldToMasklens = true;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    facts.error = null;
    try {
      const stream = await open(constraints);
      for (const track of stream.getVideoTracks()) {
        tracks.add(track);
        setRate(track);
      }
      return stream;
    } catch (error) {
      facts.error = nameOf(error);
      throw error;
    } finally {
      countCameras();
    }
  };
}

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

const nameOf = (error) => String(error?.name || "Error").slice(0, 60);

const focusMoved = () => setTimeout(watchQuestion); // it has not arrived yet

export default function ({ data, setStateValue }) {
  const first = send === null;
  const mine = (report) => setStateValue("report", report);
  send = mine;
  if (first) {
    sent = "";
    window.addEventListener("blur", focusMoved);
    window.addEventListener("focus", focusMoved);
    navigator.mediaDevices?.addEventListener?.("devicechange", countCameras);
    // Firefox keeps back the number of cameras while another window is in front.
    tellSoon(1000);
    (status ? Promise.resolve() : askPermission()).then(countCameras);
    watchPlayer();
    lookout = setInterval(watchPlayer, 100); // the player may come later, or anew
  }
  if (data.rate !== rate) {
    rate = data.rate;
    tracks.forEach(setRate);
  }
  // Told once: what the player meets afterwards is news.
  const forget = data.request === 0 && (first || asked !== 0);
  asked = data.request;
  if (forget && !trying) {
    facts.error = null;
    tellSoon();
  } else if (data.request !== 0 && data.request !== tried && facts.api && !trying) {
    tried = data.request;
    tryCamera();
  }
  return () => {
    if (send !== mine) return; // another has taken over
    send = null;
    clearTimeout(timer);
    clearTimeout(patience);
    clearInterval(lookout);
    facts.asking = false;
    window.removeEventListener("blur", focusMoved);
    window.removeEventListener("focus", focusMoved);
    navigator.mediaDevices?.removeEventListener?.("devicechange", countCameras);
  };
}
