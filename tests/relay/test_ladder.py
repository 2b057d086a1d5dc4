"""The ladder without a network: which signs lead down, what leads up again, and that nothing makes it flap."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.ladder import LONGEST_HOLD, Ladder, Rung, Signs

GOOD = Signs(voice_loss=0.0, video_loss=0.0, estimate=2_000_000, delay=0.0)


def with_signs(**changes: object) -> Signs:
    return Signs(**({"voice_loss": 0.0, "video_loss": 0.0, "estimate": 2_000_000, "delay": 0.0} | changes))  # type: ignore[arg-type]


@dataclass
class Story:
    """A ladder and a clock; `changes` is what a room would have been told."""

    ladder: Ladder = field(default_factory=Ladder)
    now: float = 100.0
    changes: list[tuple[float, str, str]] = field(default_factory=list)

    def told(self, changed: bool) -> bool:
        if changed:
            self.changes.append((self.now, self.ladder.rung.label, self.ladder.why))
        return changed

    def run(self, signs: Signs, seconds: int) -> None:
        for _ in range(seconds):
            self.told(self.ladder.step(signs, self.now))
            self.now += 1.0

    def begin(self) -> "Story":
        self.run(GOOD, 5)
        return self

    @property
    def rungs(self) -> list[str]:
        return [rung for _, rung, _ in self.changes]


def test_good_line_stays_at_full() -> None:
    story = Story()
    story.run(GOOD, 600)
    assert story.changes == []


def test_estimate_of_64_kbit_leaves_the_voice_alone_at_once() -> None:
    story = Story().begin()
    story.run(with_signs(estimate=64_000), 1)
    assert [change[1:] for change in story.changes] == [("audio", "bandwidth")]


@pytest.mark.parametrize(
    ("estimate", "layered", "rung"),
    [
        (145_000, False, "full"),  # within the tolerance
        (140_000, True, "low-rate"),
        (140_000, False, "stills"),
        (100_000, True, "stills"),
        (70_000, True, "audio"),
    ],
)
def test_estimate_decides_how_far_down(estimate: int, layered: bool, rung: str) -> None:
    story = Story().begin()
    story.run(with_signs(estimate=estimate, layered=layered, delay=0.15), 3)
    assert story.ladder.rung.label == rung


def test_estimate_that_has_not_grown_yet_leads_nowhere() -> None:
    """A room that has just grown to three needs more than the traffic so far could show."""
    story = Story().begin()
    story.run(with_signs(voices=2, cameras=2, estimate=200_000, delay=0.2, pressed=False), 30)
    story.run(with_signs(voices=2, cameras=2, estimate=200_000), 30)
    assert story.changes == []


def test_more_voices_and_videos_need_more() -> None:
    story = Story().begin()
    crowd = with_signs(voices=7, cameras=7, estimate=900_000, delay=0.15)
    story.run(crowd, 3)
    assert story.ladder.rung.label == "stills"


def test_room_with_a_screen_only_has_no_stills() -> None:
    story = Story().begin()
    story.run(with_signs(cameras=0, screens=1, estimate=100_000, delay=0.15), 3)
    assert story.ladder.rung.label == "audio"


@pytest.mark.parametrize(("loss", "rungs"), [(0.02, []), (0.05, []), (0.1, []), (0.2, ["stills"])])
def test_loss_alone_leads_down_only_above_what_is_mended(loss: float, rungs: list[str]) -> None:
    story = Story().begin()
    story.run(with_signs(voice_loss=min(loss, 0.1), video_loss=loss), 20)
    assert story.rungs == rungs


def test_little_loss_behind_a_full_queue_leads_down() -> None:
    story = Story().begin()
    story.run(with_signs(voice_loss=0.06, delay=0.4), 3)
    assert story.changes[0][1:] == ("stills", "loss")


def test_voice_that_breaks_up_behind_a_full_queue_is_alone_at_once() -> None:
    story = Story().begin()
    story.run(with_signs(voice_loss=0.2, delay=0.4), 1)
    assert story.rungs == ["audio"]


def test_ruinous_loss_leaves_the_voice_alone() -> None:
    story = Story().begin()
    story.run(with_signs(voice_loss=0.4), 2)
    assert story.rungs == ["audio"]


def test_one_bad_second_is_forgiven() -> None:
    story = Story().begin()
    story.run(with_signs(video_loss=0.5), 1)
    story.run(GOOD, 10)
    assert story.changes == []


def test_voice_that_still_suffers_on_stills_ends_them() -> None:
    story = Story().begin()
    story.run(with_signs(voice_loss=0.2, estimate=None), 8)
    assert story.rungs == ["stills", "audio"]


def test_first_seconds_of_a_line_are_not_judged_by_its_estimate() -> None:
    story = Story()
    story.run(with_signs(estimate=80_000, delay=0.15), 3)
    assert story.changes == []
    story.run(with_signs(estimate=80_000, delay=0.15), 3)
    assert story.rungs == ["stills"]


def test_nothing_leads_up_from_audio_but_a_probe() -> None:
    story = Story().begin()
    story.run(with_signs(estimate=64_000), 1)
    story.run(GOOD, 300)
    assert story.rungs == ["audio"]
    assert story.told(story.ladder.climb(3_000_000, GOOD, story.now))
    assert story.changes[-1][1:] == ("full", "recovered")


@pytest.mark.parametrize(
    ("rate", "rung"),
    [(64_000, "audio"), (90_000, "audio"), (110_000, "stills"), (180_000, "stills"), (200_000, "full")],
)
def test_climb_wants_more_than_the_rung_needs(rate: int, rung: str) -> None:
    story = Story().begin()
    story.run(with_signs(estimate=64_000), 3)
    story.ladder.climb(rate, GOOD, story.now)
    assert story.ladder.rung.label == rung


def test_finding_stands_in_for_an_estimate_that_has_to_grow() -> None:
    story = Story().begin()
    story.run(with_signs(estimate=64_000), 3)
    assert story.ladder.climb(1_000_000, GOOD, story.now)
    assert story.ladder.granted(story.now) == 800_000
    assert story.ladder.granted(story.now + 25) is None


def test_low_rate_leads_up_by_the_receivers_own_estimate() -> None:
    story = Story().begin()
    story.run(with_signs(estimate=130_000, layered=True, delay=0.15), 3)
    assert story.ladder.rung is Rung.LOW_RATE
    story.run(with_signs(estimate=180_000, layered=True), 30)
    assert story.ladder.rung is Rung.LOW_RATE
    story.run(with_signs(estimate=220_000, layered=True), 5)
    assert story.rungs == ["low-rate", "full"]


def test_low_rate_without_layers_any_more_is_left() -> None:
    story = Story().begin()
    story.run(with_signs(estimate=130_000, layered=True, delay=0.15), 3)
    story.run(with_signs(estimate=130_000, delay=0.15), 1)
    assert story.rungs == ["low-rate", "stills"]


def test_climb_in_vain_makes_the_next_one_later() -> None:
    story = Story().begin()
    waits = []
    for _ in range(8):
        fallen_at = story.now
        story.run(with_signs(voice_loss=0.4, estimate=None), 2)
        while not story.told(story.ladder.climb(1_000_000, GOOD, story.now)):
            story.now += 1.0
        waits.append(story.now - fallen_at)
    assert waits == sorted(waits)
    assert waits[0] <= 4
    assert waits[-1] >= LONGEST_HOLD


def test_climb_that_lasted_clears_the_debt() -> None:
    story = Story().begin()
    for _ in range(3):
        story.run(with_signs(voice_loss=0.4, estimate=None), 2)
        story.now = story.ladder.not_before
        assert story.ladder.climb(1_000_000, GOOD, story.now)
    story.run(GOOD, 90)
    story.run(with_signs(voice_loss=0.4, estimate=None), 2)
    assert story.ladder.not_before - story.now <= 2.0


@settings(max_examples=300, deadline=None)
@given(
    estimate=st.integers(20_000, 400_000) | st.none(),
    pressed=st.booleans(),
    voice_loss=st.floats(0.0, 0.9),
    video_loss=st.floats(0.0, 0.9),
    delay=st.floats(0.0, 2.0),
    rate=st.integers(20_000, 3_000_000),
    layered=st.booleans(),
)
def test_constant_conditions_never_make_it_flap(
    estimate: int | None,
    pressed: bool,
    voice_loss: float,
    video_loss: float,
    delay: float,
    rate: int,
    layered: bool,
) -> None:
    """Ten minutes of the same signs, and probes that see the same rate each two seconds: even if they contradict."""
    story = Story()
    signs = Signs(layered=layered, voice_loss=voice_loss, video_loss=video_loss, estimate=estimate, delay=delay)
    signs = replace(signs, pressed=pressed)
    for second in range(600):
        granted = story.ladder.granted(story.now)
        story.told(story.ladder.step(replace(signs, estimate=max(granted or 0, estimate or 0) or None), story.now))
        if second % 2 and not story.ladder.rung.moving:
            story.told(story.ladder.climb(rate, signs, story.now))
        story.now += 1.0
    assert len(story.changes) <= 45  # 14 climbs, each undone in at most two steps, and the first fall
    assert sum(at > 500 for at, _, _ in story.changes) <= 12  # of the last 200 seconds
