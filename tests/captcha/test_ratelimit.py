"""How often one address may do a thing."""

import pytest

from captcha.ratelimit import Rate, RateLimit, client_ip, parse
from tests.captcha.conftest import at_the_same_instant


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("10/m,60/d", (Rate(10, 60), Rate(60, 86_400))),
        (" 3/h , 1/s ", (Rate(3, 3600), Rate(1, 1))),
        ("", ()),
        ("0/m", (Rate(0, 60),)),
    ],
)
def test_rates_are_read_as_they_are_written(text, rates):
    assert parse(text) == rates


@pytest.mark.parametrize("text", ["10", "10/x", "/m", "ten/m", "-1/m", "10/m,", "１/m", "10 / m"])
def test_what_is_no_rate_is_refused_loudly(text):
    with pytest.raises(ValueError, match="is no rate"):
        parse(text)


def test_tries_beyond_the_rate_are_told_how_long_to_wait():
    limit = RateLimit("essai", "2/m,3/h")
    assert [limit.allow("a") for _ in range(2)] == [0, 0]
    assert 55 <= limit.allow("a") <= 60
    assert 3595 <= limit.allow("a") <= 3600
    assert limit.allow("b") == 0


def test_limits_do_not_share_their_counters():
    assert RateLimit("one", "1/m").allow("a") == 0
    assert RateLimit("two", "1/m").allow("a") == 0


def test_waiting_tries_do_not_move_the_end_of_the_window(redis_databases, settings):
    limit = RateLimit("essai", "1/m")
    limit.allow("a")
    [key] = redis_databases[1].scan_iter(match=f"{settings.REDIS_PREFIX}:rate:*")
    redis_databases[1].expire(key, 5)
    assert limit.allow("a") <= 5
    assert limit.allow("a") <= 5


def test_a_closed_window_opens_again(redis_databases, settings):
    limit = RateLimit("essai", "1/m")
    limit.allow("a")
    redis_databases[1].delete(*redis_databases[1].scan_iter(match=f"{settings.REDIS_PREFIX}:rate:*"))
    assert limit.allow("a") == 0


def test_simultaneous_tries_are_all_counted():
    limit = RateLimit("essai", "3/m")
    waits = at_the_same_instant(lambda: limit.allow("a"), 8)
    assert waits.count(0) == 3


def test_a_rate_may_be_read_from_the_settings_at_each_call():
    rates = ["1/m"]
    limit = RateLimit("essai", lambda: rates[0])
    assert limit.allow("a") == 0
    assert limit.allow("a") > 0
    rates[0] = ""
    assert limit.allow("a") == 0


def test_without_redis_the_limit_is_open_and_says_so(redis_down, caplog):
    assert RateLimit("essai", "0/m").allow("a") == 0
    assert "rate limit essai is open" in caplog.text


def test_a_whole_ipv6_network_is_one_household():
    limit = RateLimit("essai", "1/m")
    assert limit.allow("2001:db8:1:2::1") == 0
    assert limit.allow("2001:db8:1:2:ffff::9") > 0
    assert limit.allow("2001:db8:1:3::1") == 0
    assert limit.allow("::ffff:192.0.2.7") == 0
    assert limit.allow("192.0.2.7") > 0


def test_a_key_of_any_length_is_bounded(redis_databases, settings):
    RateLimit("essai", "1/m").allow("x" * 10_000)
    [key] = redis_databases[1].scan_iter(match=f"{settings.REDIS_PREFIX}:rate:*")
    assert len(key) < 120
    assert redis_databases[1].ttl(key) > 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "seen"),
    [
        (0, "198.51.100.9", "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.9", "192.0.2.1", "198.51.100.9"),
        (1, "1.2.3.4, 198.51.100.9", "192.0.2.1", "198.51.100.9"),
        (2, "1.2.3.4, 198.51.100.9, 10.0.0.1", "192.0.2.1", "198.51.100.9"),
        (2, "198.51.100.9", "192.0.2.1", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1", "192.0.2.1"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.9:4711", "192.0.2.1", "198.51.100.9"),
        (1, "[2001:db8::1]:4711", "192.0.2.1", "2001:db8::1"),
        (1, "2001:db8::1", "192.0.2.1", "2001:db8::1"),
        (0, "", "", "0.0.0.0"),
    ],
)
def test_the_visitor_is_whom_our_outermost_proxy_saw(rf, settings, proxies, forwarded, peer, seen):
    settings.TRUSTED_PROXY_COUNT = proxies
    assert client_ip(rf.get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})) == seen
