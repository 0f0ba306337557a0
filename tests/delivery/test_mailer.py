"""One mail on its way to a real mail server of every temper."""

# ruff: noqa: SIM117 - the server outside, what it makes us say inside

from __future__ import annotations

import socket
import threading
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from intake.delivery import line
from intake.delivery import mailer as mailers
from intake.delivery.mailer import (
    CutOffError,
    RefusedError,
    ServerDownError,
    StoppedError,
    TryLaterError,
    UndeliverableError,
    told,
)
from intake.delivery.messages import Letter
from tests.delivery.conftest import (
    NOON,
    Authority,
    MakeMailer,
    Post,
    only_this_password,
    post_office,
    posting,
    raw_server,
)


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailers, "DEADLINE_SECONDS", 1.5)
    monkeypatch.setattr(line, "REPLY_SECONDS", 1.0)


def test_a_mail_arrives_with_its_own_id_and_says_that_a_machine_wrote_it(make_mailer: MakeMailer) -> None:
    with post_office(Post()) as post:
        make_mailer(MAIL_PORT=post.port).send(posting(name="ab12"), now=NOON)
    [mail] = post.mails
    assert mail["Message-ID"] == "<ab12@callback.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"] == "callback@example.com" and mail["To"] == "intake@example.com"
    assert mail["Date"].datetime == NOON
    assert mail.get_body(("plain",)).get_content().strip() == "One is waiting."  # type: ignore[union-attr]
    assert "<p>One is waiting.</p>" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_several_mails_go_over_one_connection(make_mailer: MakeMailer) -> None:
    with post_office(Post()) as post:
        mailer = make_mailer(MAIL_PORT=post.port)
        for number in range(3):
            mailer.send(posting(name=f"n{number}"), now=NOON)
        mailer.close()
    assert [mail["Message-ID"] for mail in post.mails] == [f"<n{number}@callback.example.com>" for number in range(3)]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_puts_a_mail_off_is_tried_later(make_mailer: MakeMailer, stage: str) -> None:
    with post_office(Post(script={stage: ["451 greylisted, come back"]})) as post:
        mailer = make_mailer(MAIL_PORT=post.port)
        with pytest.raises(TryLaterError, match="451 greylisted"):
            mailer.send(posting(), now=NOON)
        mailer.send(posting(), now=NOON)
    assert len(post.mails) == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_mail_that_is_refused_for_good_is_told_apart(make_mailer: MakeMailer, stage: str) -> None:
    with post_office(Post(script={stage: ["550 no such mailbox <ana@example.org>"]})) as post:
        with pytest.raises(RefusedError, match=r"550 no such mailbox …$"):
            make_mailer(MAIL_PORT=post.port).send(posting("ana@example.org"), now=NOON)
    assert post.mails == []


@pytest.mark.parametrize("reply", ["421 too busy", "554 go away"])
def test_a_server_that_will_not_even_greet_us_is_down(make_mailer: MakeMailer, reply: str) -> None:
    with raw_server(lambda wire: wire.sendall(f"{reply}\r\n".encode())) as port:
        with pytest.raises(ServerDownError, match=reply):
            make_mailer(MAIL_PORT=port).send(posting(), now=NOON)


def test_a_server_that_is_not_there_is_down(make_mailer: MakeMailer) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ServerDownError, match="does not answer"):
            make_mailer(MAIL_PORT=nobody.getsockname()[1]).send(posting(), now=NOON)


def test_a_server_that_wants_a_sign_in_first_is_not_the_mails_fault(make_mailer: MakeMailer) -> None:
    with post_office(Post(script={"MAIL": ["530 5.7.0 sign in first"]})) as post:
        with pytest.raises(ServerDownError, match="530"):
            make_mailer(MAIL_PORT=post.port).send(posting(), now=NOON)


def test_a_silent_server_is_given_up_on(make_mailer: MakeMailer) -> None:
    with raw_server(lambda wire: time.sleep(20)) as port:
        began = time.monotonic()
        with pytest.raises(ServerDownError):
            make_mailer(MAIL_PORT=port).send(posting(), now=NOON)
    assert time.monotonic() - began < 4


def dribble(wire: socket.socket) -> None:
    """One byte of a greeting that never ends, each time just before the socket's own patience is over."""
    for _ in range(200):
        wire.sendall(b"2")
        time.sleep(0.1)


def test_a_tarpit_cannot_stretch_the_deadline(make_mailer: MakeMailer) -> None:
    with raw_server(dribble) as port:
        began = time.monotonic()
        with pytest.raises(ServerDownError, match="no end in time"):
            make_mailer(MAIL_PORT=port).send(posting(), now=NOON)
    assert time.monotonic() - began < 4


def test_a_tarpit_inside_the_tls_handshake_is_cut_too(make_mailer: MakeMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "REPLY_SECONDS", 10)

    def half_handshake(wire: socket.socket) -> None:
        wire.recv(4096)
        wire.sendall(b"\x16\x03\x03\x3f\x00")  # a TLS record of 16 KB is announced, and dribbles
        dribble(wire)

    with raw_server(half_handshake) as port:
        began = time.monotonic()
        with pytest.raises(ServerDownError, match="no end in time"):
            make_mailer(MAIL_PORT=port, MAIL_USE_SSL=True).send(posting(), now=NOON)
    assert time.monotonic() - began < 4


def test_a_tarpit_after_the_mail_began_puts_off_this_mail_only(make_mailer: MakeMailer) -> None:
    def slow_at_mail(wire: socket.socket) -> None:
        wire.sendall(b"220 hello\r\n")
        wire.recv(200)
        wire.sendall(b"250 fine\r\n")
        wire.recv(200)
        dribble(wire)

    with raw_server(slow_at_mail) as port:
        with pytest.raises(CutOffError, match="no end in time"):
            make_mailer(MAIL_PORT=port).send(posting(), now=NOON)


def test_a_cut_after_the_final_dot_is_sent_again_under_the_same_id(make_mailer: MakeMailer) -> None:
    with post_office(Post(cuts_after_dot=1)) as post:
        mailer = make_mailer(MAIL_PORT=post.port)
        with pytest.raises(CutOffError):
            mailer.send(posting(name="once"), now=NOON)
        mailer.send(posting(name="once"), now=NOON)
    assert {mail["Message-ID"] for mail in post.mails} == {"<once@callback.example.com>"}
    assert len(post.mails) == 2


def test_starttls_with_a_trusted_certificate_and_a_password_works(
    make_mailer: MakeMailer, authority: Authority
) -> None:
    post = Post()
    secure = {"tls_context": authority.server, "require_starttls": True, "authenticator": only_this_password(post)}
    with post_office(post, auth_required=True, **secure):
        make_mailer(
            MAIL_PORT=post.port, MAIL_USE_TLS=True, MAIL_CA_FILE=str(authority.ca_file), MAIL_USERNAME="intake",
            MAIL_PASSWORD="right", IS_PRODUCTION=True,
        ).send(posting(), now=NOON)  # fmt: skip
    assert len(post.mails) == 1 and post.seen_password


def test_tls_from_the_first_byte_works(make_mailer: MakeMailer, authority: Authority) -> None:
    with post_office(Post(), ssl_context=authority.server) as post:
        make_mailer(MAIL_PORT=post.port, MAIL_USE_SSL=True, MAIL_CA_FILE=str(authority.ca_file)).send(
            posting(), now=NOON
        )
    assert len(post.mails) == 1


def test_a_wrong_password_is_the_servers_matter_and_sends_nothing(
    make_mailer: MakeMailer, authority: Authority
) -> None:
    post = Post()
    secure = {"tls_context": authority.server, "require_starttls": True, "authenticator": only_this_password(post)}
    with post_office(post, auth_required=True, **secure):
        mailer = make_mailer(
            MAIL_PORT=post.port, MAIL_USE_TLS=True, MAIL_CA_FILE=str(authority.ca_file), MAIL_USERNAME="intake",
            MAIL_PASSWORD="wrong",
        )  # fmt: skip
        with pytest.raises(ServerDownError, match="refused our sign-in: 535"):
            mailer.send(posting(), now=NOON)
    assert post.mails == []


@pytest.mark.parametrize("way", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_a_certificate_for_another_name_is_not_trusted(
    make_mailer: MakeMailer, wrong_name: Authority, way: str
) -> None:
    kind = "tls_context" if way == "MAIL_USE_TLS" else "ssl_context"
    with post_office(Post(), **{kind: wrong_name.server}) as post:
        with pytest.raises(ServerDownError, match="certificate is not trusted"):
            make_mailer(MAIL_PORT=post.port, MAIL_CA_FILE=str(wrong_name.ca_file), **{way: True}).send(
                posting(), now=NOON
            )
    assert post.mails == []


def test_a_certificate_from_nobody_we_know_is_not_trusted(make_mailer: MakeMailer, authority: Authority) -> None:
    with post_office(Post(), tls_context=authority.server) as post:
        with pytest.raises(ServerDownError, match="certificate is not trusted"):
            make_mailer(MAIL_PORT=post.port, MAIL_USE_TLS=True).send(posting(), now=NOON)
    assert post.mails == []


def test_starttls_stripped_on_the_way_means_nothing_is_sent(make_mailer: MakeMailer) -> None:
    post = Post()
    with post_office(post, authenticator=only_this_password(post), auth_require_tls=False):
        mailer = make_mailer(MAIL_PORT=post.port, MAIL_USE_TLS=True, MAIL_USERNAME="intake", MAIL_PASSWORD="right")
        with pytest.raises(ServerDownError, match="unencrypted"):
            mailer.send(posting(), now=NOON)
    assert post.mails == [] and not post.seen_password


@pytest.mark.parametrize("settings", [{"IS_PRODUCTION": True}, {"MAIL_SERVER": "mail.example.org"}])
def test_plain_text_is_only_for_this_machine_in_development(
    make_mailer: MakeMailer, settings: dict[str, object]
) -> None:
    with pytest.raises(ServerDownError, match="MAIL_USE_TLS or MAIL_USE_SSL must be on"):
        make_mailer(MAIL_PORT=9, **settings).send(posting(), now=NOON)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "Ana <a@example.org>", "no-address", "",
        "a b@example.org", "a@exa\x00mple.org", '"a@x"@example.org', "ána@example.org",
    ],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_never_written_to(make_mailer: MakeMailer, address: str) -> None:
    with post_office(Post()) as post:
        with pytest.raises(UndeliverableError):
            make_mailer(MAIL_PORT=post.port).send(posting(address), now=NOON)
    assert post.envelopes == []


def test_a_subject_of_two_lines_is_refused(make_mailer: MakeMailer) -> None:
    letter = Letter("Hello\r\nBcc: b@example.org", "text", "<p>text</p>")
    with post_office(Post()) as post:
        with pytest.raises(UndeliverableError):
            make_mailer(MAIL_PORT=post.port).send(posting(letter=letter), now=NOON)
    assert post.envelopes == []


def test_letters_beyond_ascii_arrive_as_they_were(make_mailer: MakeMailer) -> None:
    letter = Letter("Su petición de llamada", "Mañana, “antes de las 3”.\n", "<p>Mañana</p>")
    with post_office(Post()) as post:
        make_mailer(MAIL_PORT=post.port).send(posting(letter=letter), now=NOON)
    assert post.mails[0]["Subject"] == letter.subject
    assert post.mails[0].get_body(("plain",)).get_content().strip() == letter.text.strip()  # type: ignore[union-attr]
    assert "BODY=8BITMIME" in post.envelopes[0].mail_options


def test_one_unwanted_recipient_does_not_keep_the_mail_from_the_others(make_mailer: MakeMailer) -> None:
    with post_office(Post(script={"RCPT": ["550 gone"]})) as post:
        make_mailer(MAIL_PORT=post.port).send(posting("a@example.com", "b@example.com"), now=NOON)
    assert len(post.mails) == 1


def test_a_mail_under_way_can_be_cut_to_stop(make_mailer: MakeMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailers, "DEADLINE_SECONDS", 20)
    with raw_server(dribble) as port:
        mailer = make_mailer(MAIL_PORT=port)
        threading.Timer(0.3, mailer.stop).start()
        began = time.monotonic()
        with pytest.raises(StoppedError):
            mailer.send(posting(), now=NOON)
        assert time.monotonic() - began < 2
        with pytest.raises(StoppedError):
            mailer.send(posting(), now=NOON)


def test_what_a_server_said_is_told_without_addresses_and_control_characters() -> None:
    assert told(b"5.1.1 <ana.lee@example.org>:\r\n user\x00 \x1b[31munknown") == "5.1.1 …: user [31munknown"
    assert len(told("x " * 500)) <= 160


def test_no_conversation_is_ever_printed(make_mailer: MakeMailer, capfd: pytest.CaptureFixture[str]) -> None:
    with post_office(Post()) as post:
        make_mailer(MAIL_PORT=post.port, MAIL_DEBUG=True).send(posting("ana@example.org"), now=NOON)
    assert "ana@" not in "".join(capfd.readouterr())


def test_without_a_server_mails_are_files_and_the_second_sending_changes_no_other(
    make_mailer: MakeMailer, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    mailer = make_mailer(MAIL_SERVER="", MAIL_FOLDER=str(folder))
    for name in ("one", "two", "one"):
        mailer.send(posting(name=name), now=NOON)
    assert sorted(path.name for path in folder.iterdir()) == [
        "20261118T170000000000Z-team.new-one.eml",
        "20261118T170000000000Z-team.new-two.eml",
    ]
    mail = message_from_bytes(next(folder.glob("*one.eml")).read_bytes(), policy=policy.default)
    assert mail["Message-ID"] == "<one@callback.example.com>"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_written_counts_as_a_server_that_is_down(
    make_mailer: MakeMailer, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(ServerDownError):
        make_mailer(MAIL_SERVER="", MAIL_FOLDER=str(tmp_path / "mail")).send(posting(), now=NOON)


@pytest.mark.parametrize("said", ["550 5.1.1 Ana.Lee unknown", "550 no mailbox 'ana.lee' " + "x" * 200])
def test_a_reason_never_repeats_whose_mailbox_it_was(make_mailer: MakeMailer, said: str) -> None:
    with post_office(Post(script={"RCPT": [said]})) as post:
        with pytest.raises(RefusedError) as refused:
            make_mailer(MAIL_PORT=post.port).send(posting("ana.lee@example.org"), now=NOON)
    assert "ana.lee" not in str(refused.value).lower() and str(refused.value).startswith("550")
