"""The post's tablet in browser tests: paired as people do it, by the code that it shows."""


def pair(night, name="Pos ronda Mawar"):
    """A ketua RT on a phone confirms the code that the tablet shows; the tablet's board comes by itself."""
    driver, browser, village = night.driver, night.browser, night.village
    phone = driver.current_window_handle
    driver.switch_to.new_window("window")
    tablet = driver.current_window_handle
    driver.get(village.tablet_address + "/masuk")
    browser.find("a[href='/layar']").click()
    browser.wait(lambda: len(night.all(".kode")) == 1, "no code")
    code = browser.find(".kode").text
    driver.switch_to.window(phone)
    night.enter("ketua")
    night.go("/layar/pos", "Menunggu dipasangkan")
    browser.fill(kode=code, nama=name)
    browser.press("Pasangkan")
    browser.wait_text(f"{name}\ndipasangkan")
    driver.close()
    driver.switch_to.window(tablet)
    browser.wait(lambda: len(night.all(".layar #papan")) == 1, "the tablet did not become a screen")
    return code
