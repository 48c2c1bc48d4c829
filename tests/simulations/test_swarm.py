"""The swarm: what is drawn from a seed is a scenario like any other."""

from simulations.reading.reading_toml import parse_scenario
from simulations.reading.sense import sense_mistakes
from simulations.reading.writing_toml import toml_of
from simulations.swarm import draw


def test_whatever_is_drawn_makes_sense():
    assert not [(seed, told) for seed in range(1, 501) for told in sense_mistakes(draw(seed))]


def test_what_is_drawn_can_be_written_and_read_again():
    for seed in range(1, 51):
        assert parse_scenario(toml_of(draw(seed)), "drawn") == draw(seed)


def test_a_seed_draws_the_same_again_and_another_one_something_else():
    assert draw(7) == draw(7)
    assert len({draw(seed) for seed in range(1, 51)}) == 50
