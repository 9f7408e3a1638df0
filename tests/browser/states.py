"""What a person does on a page until it stands in the state that is looked at."""

from playwright.sync_api import Page

from tests.cast import PASSWORD


def press(page: Page, name: str) -> None:
    """Presses the button, and waits for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def sign_in_wrongly(page: Page) -> None:
    sign_in(page, "nobody@example.com", "wrong")


def come_to_the_second_step(page: Page) -> None:
    sign_in(page, "tina@example.com", PASSWORD)


def sign_up(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill("Carol")
    page.get_by_label("E-mail address").fill("carol@example.com")
    page.get_by_label("Password").fill(password)
    press(page, "Sign up")


def sign_up_wrongly(page: Page) -> None:
    sign_up(page, "short")


def send_a_form_out_of_date(page: Page) -> None:
    page.context.clear_cookies()
    sign_in_wrongly(page)


def come_back_with_a_forged_state(page: Page) -> None:
    forged = page.url.replace("/demo", "/demo/callback?code=stolen&state=forged")
    page.get_by_role("link", name="Sign in with Gatehouse").click()
    page.wait_for_url("**/accounts/login/**")
    page.goto(forged)


def enter_an_unknown_code(page: Page) -> None:
    page.get_by_label("Code").fill("BBBB-BBBB")
    press(page, "Go on")


def allow_the_device(page: Page) -> None:
    press(page, "Allow")


def save_no_name(page: Page) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(" ")
    press(page, "Save name")


def change_password_wrongly(page: Page) -> None:
    for field in page.locator("input[type=password]").all():
        field.fill("123")
    with page.expect_navigation():
        page.locator("main form button").first.click()


def delete_account(page: Page, email: str) -> None:
    page.get_by_label("Your e-mail address").fill(email)
    press(page, "Delete my account")


def delete_somebody_else(page: Page) -> None:
    delete_account(page, "mallory@example.com")


def delete_dora(page: Page) -> None:
    delete_account(page, "dora@example.com")


def rotate_the_first_secret(page: Page) -> None:
    page.locator("summary", has_text="Rotate").first.click()
    with page.expect_navigation():
        page.locator("details[open] button").first.click()


def fill_in_a_client(page: Page, name: str, *redirect_uris: str) -> None:
    page.locator("#id_name").fill(name)
    page.locator("#id_redirect_uris").fill("\n".join(redirect_uris))
    press(page, "Register")


def register_wrongly(page: Page) -> None:
    # Its first letter is Cyrillic.
    fill_in_a_client(page, "\u0410cme", "https://bookshelf.example/cb", "http://bookshelf.example/cb")


def register(page: Page) -> None:
    fill_in_a_client(page, "Bookshelf", "https://bookshelf.example/cb")


def take_a_scope(page: Page) -> None:
    page.locator("#id_allowed_scopes").get_by_label("projects:write").uncheck()
    press(page, "Save")


def choose_for_all(page: Page, action: str) -> None:
    """The action of a list for each of its rows: the page that asks first, or the list with what was done."""
    page.check("#action-toggle")
    page.select_option("select[name=action]", action)
    with page.expect_navigation():
        page.click("button[name=index]")


def refuse_registrations(page: Page) -> None:
    choose_for_all(page, "refuse_selected")


def disable_clients(page: Page) -> None:
    choose_for_all(page, "disable_selected")


def pause_projects(page: Page) -> None:
    choose_for_all(page, "pause_selected")


def retry_operations(page: Page) -> None:
    choose_for_all(page, "retry_selected")
