import pytest

from manyfest.cli.process.pflag import Flag, ParsedArguments, parse
from manyfest.domain.errors import InputError

PURGE, ALL, OS = (
    Flag("purge", "p", is_switch=True),
    Flag("all", "a", is_switch=True),
    Flag("os", "o"),
)
FLAGS = (PURGE, ALL, OS)

# Words, the flags in them and the arguments.
WORDS = {
    "nothing": ([], [], []),
    "arguments": (["x", "y"], [], ["x", "y"]),
    "a switch": (["--purge", "x"], [(PURGE, "true")], ["x"]),
    "a switch after": (["x", "-p"], [(PURGE, "true")], ["x"]),
    "a switch with a value": (["--purge=F"], [(PURGE, "false")], []),
    "a letter with a value": (["-p=1", "x"], [(PURGE, "true")], ["x"]),
    "letters": (["-pa"], [(PURGE, "true"), (ALL, "true")], []),
    "letters, the last with a value": (["-pa=f"], [(PURGE, "true"), (ALL, "false")], []),
    "a value after =": (["--os=a=b"], [(OS, "a=b")], []),
    "an empty value": (["--os=", "x"], [(OS, "")], ["x"]),
    "a value in the next word": (["--os", "x", "y"], [(OS, "x")], ["y"]),
    "a value that looks like a flag": (["--os", "--purge"], [(OS, "--purge")], []),
    "a value that is the end of flags": (["--os", "--", "-p"], [(OS, "--"), (PURGE, "true")], []),
    "a letter's value at once": (["-ofast"], [(OS, "fast")], []),
    "a letter's value after =": (["-o=fast"], [(OS, "fast")], []),
    "a letter's value that is =": (["-o="], [(OS, "=")], []),
    "a letter's value in the next word": (["-po", "x"], [(PURGE, "true"), (OS, "x")], []),
    "a dash": (["-", "-p"], [(PURGE, "true")], ["-"]),
    "the end of flags": (["x", "--", "-p", "--"], [], ["x", "-p", "--"]),
    "an empty argument": ([""], [], [""]),
    "a switch twice": (["-p", "-p=0"], [(PURGE, "true"), (PURGE, "false")], []),
}


@pytest.mark.parametrize(("words", "flags", "arguments"), WORDS.values(), ids=WORDS.keys())
def test_words_are_read_as_pflag_reads_them(words, flags, arguments) -> None:
    assert parse(words, FLAGS) == ParsedArguments(tuple(flags), tuple(arguments))


def test_the_last_of_a_flag_counts() -> None:
    given = parse(["-p", "--os=a", "--purge=0", "--os", "b"], FLAGS)
    assert given.last_values() == {PURGE: "false", OS: "b"}


def test_not_interspersed_the_first_argument_ends_the_flags() -> None:
    given = parse(["-p", "x", "-a", "--"], FLAGS, interspersed=False)
    assert given == ParsedArguments(((PURGE, "true"),), ("x", "-a", "--"))


REFUSED = {
    "unknown": (["--bogus"], "unknown flag: --bogus"),
    "unknown letter": (["-px"], "unknown shorthand flag: 'x' in -x"),
    "beyond ASCII": (["-é"], "unknown shorthand flag: 'é' in -é"),
    "no name": (["--=x"], "bad flag syntax: --=x"),
    "no value": (["--os"], "flag needs an argument: --os"),
    "no value of a letter": (["-po"], "flag needs an argument: 'o' in -o"),
    "no boolean": (["-p=2"], 'invalid argument "2" for "-p, --purge" flag: strconv.ParseBool'),
    "an endless one": (["--" + "x" * 10_000], "unknown flag: --xxx"),
}


@pytest.mark.parametrize(("words", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_pflag_refuses_is_refused_in_its_words(words, sentence) -> None:
    with pytest.raises(InputError) as caught:
        parse(words, FLAGS)
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 300
