import pytest
from ui.sample import sample_photo
pytestmark=pytest.mark.e2e
def test_probe(open_page, tmp_path):
    p=tmp_path/'s.png'; p.write_bytes(sample_photo())
    page=open_page()
    page.wait_for_timeout(1500)
    page.screenshot(path='/tmp/h/0.png')
    print([b.inner_text() for b in page.get_by_role('button').all()])
    with page.expect_file_chooser() as fc:
        page.get_by_test_id('stFileUploaderDropzone').locator('button').click()
    fc.value.set_files([p])
    page.wait_for_timeout(6000); page.screenshot(path='/tmp/h/x.png', full_page=True); print(page.locator('body').inner_text()); page.get_by_text('2 faces: 1 with mask, 1 without').wait_for(timeout=2000)
    page.wait_for_timeout(1500)
    page.screenshot(path='/tmp/h/1.png', full_page=True)
    print(page.get_by_role('slider').get_attribute('aria-valuenow'), page.get_by_role('slider').count())
    print([b.inner_text() for b in page.get_by_role('button').all()])
    import time
    page.get_by_role('button',name='Remove',exact=True).dblclick()
    page.wait_for_timeout(3000)
    page.screenshot(path='/tmp/h/2.png', full_page=True)
    page.set_viewport_size({'width':390,'height':800})
    page.wait_for_timeout(1500)
    page.screenshot(path='/tmp/h/3.png', full_page=True)
