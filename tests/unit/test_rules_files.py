"""What happens when the files of policy, network and keys can't be read again."""

from types import SimpleNamespace

from hub.rules import RulesFiles


def test_files_that_cannot_be_looked_at_for_a_moment_leave_the_old_rules_in_force(monkeypatch):
    files = object.__new__(RulesFiles)
    files._stamp = ()
    files.current = before = SimpleNamespace(
        policy=SimpleNamespace(version="p1"), network=SimpleNamespace(version="n1")
    )
    after = SimpleNamespace(policy=SimpleNamespace(version="p2"), network=SimpleNamespace(version="n2"))

    def too_many_open_files(_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(RulesFiles, "_look", too_many_open_files)
    assert not files.refresh()
    assert files.current is before

    monkeypatch.setattr(RulesFiles, "_look", lambda _: (("circumstances.toml", 1, 1),))
    monkeypatch.setattr(RulesFiles, "_read", too_many_open_files)
    assert not files.refresh()

    monkeypatch.setattr(RulesFiles, "_read", lambda _: after)
    assert files.refresh()
    assert files.current is after
