def test_shots(served, browser_page):
    for w in (1280, 390):
        for n, p in (("landing", "/?lang=sv"), ("docs", "/docs?lang=en"), ("map", "/map?lang=en"), ("explain", "/explain?x=16.8844965147&y=61.2850940521&lang=sv")):
            page = browser_page(width=w)
            page.goto(served.url + p)
            page.wait_for_timeout(300)
            page.screenshot(path=f"/tmp/webtmp/p_{n}_{w}.png", full_page=n != "map")
