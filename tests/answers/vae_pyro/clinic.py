# %% right: in the order of the letters
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% right: in another order
diagnosis = {
    "D": "to_event_missing",
    "B": "names_differ",
    "E": "decoder_not_registered",
    "A": "step_in_evaluation",
    "C": "scale_is_variance",
}

# %% right: lower-case letters
diagnosis = {
    "a": "step_in_evaluation",
    "b": "names_differ",
    "c": "scale_is_variance",
    "d": "to_event_missing",
    "e": "decoder_not_registered",
}

# %% right: capitals
diagnosis = {
    "A": "STEP_IN_EVALUATION",
    "B": "NAMES_DIFFER",
    "C": "SCALE_IS_VARIANCE",
    "D": "TO_EVENT_MISSING",
    "E": "DECODER_NOT_REGISTERED",
}

# %% right: spaces for underscores
diagnosis = {
    "A": "step in evaluation",
    "B": "names differ",
    "C": "scale is variance",
    "D": "to event missing",
    "E": "decoder not registered",
}

# %% right: hyphens for underscores
diagnosis = {
    "A": "step-in-evaluation",
    "B": "names-differ",
    "C": "scale-is-variance",
    "D": "to-event-missing",
    "E": "decoder-not-registered",
}

# %% right: blanks around
diagnosis = {
    " A ": "  step_in_evaluation ",
    " B ": "  names_differ ",
    " C ": "  scale_is_variance ",
    " D ": "  to_event_missing ",
    " E ": "  decoder_not_registered ",
}

# %% right: title case
diagnosis = {
    "A": "Step In Evaluation",
    "B": "Names Differ",
    "C": "Scale Is Variance",
    "D": "To Event Missing",
    "E": "Decoder Not Registered",
}

# %% right: dict with keywords
diagnosis = dict(
    A="step_in_evaluation",
    B="names_differ",
    C="scale_is_variance",
    D="to_event_missing",
    E="decoder_not_registered",
)

# %% right: filled one by one
diagnosis = {}
diagnosis["A"] = "step_in_evaluation"
diagnosis["B"] = "names_differ"
diagnosis["C"] = "scale_is_variance"
diagnosis["D"] = "to_event_missing"
diagnosis["E"] = "decoder_not_registered"

# %% right: zipped
diagnosis = dict(zip("ABCDE", [
    "step_in_evaluation", "names_differ", "scale_is_variance", "to_event_missing", "decoder_not_registered"]))

# %% right: a note beside the letters
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
    "note": "C was hard",
}

# %% right: quoted twice
diagnosis = {
    "A": "'step_in_evaluation'",
    "B": "'names_differ'",
    "C": "'scale_is_variance'",
    "D": "'to_event_missing'",
    "E": "'decoder_not_registered'",
}

# %% right: back-quoted
diagnosis = {
    "A": "`step_in_evaluation`",
    "B": "`names_differ`",
    "C": "`scale_is_variance`",
    "D": "`to_event_missing`",
    "E": "`decoder_not_registered`",
}

# %% right: an ordered dictionary
from collections import OrderedDict

diagnosis = OrderedDict([
    ("A", "step_in_evaluation"), ("B", "names_differ"), ("C", "scale_is_variance"),
    ("D", "to_event_missing"), ("E", "decoder_not_registered")])

# %% right: through a helper
def look(log):
    return {"A": "step_in_evaluation", "B": "names_differ", "C": "scale_is_variance"}.get(log) or (
        "decoder_not_registered" if log == "E" else "to_event_missing")

diagnosis = {log: look(log) for log in "ABCDE"}

# %% right: a comprehension
diagnosis = {letter: name for letter, name in zip("ABCDE", (
    "step_in_evaluation", "names_differ", "scale_is_variance", "to_event_missing", "decoder_not_registered"))}

# %% right: merged from two
diagnosis = {"A": "step_in_evaluation", "B": "names_differ"} | {
    "C": "scale_is_variance", "D": "to_event_missing", "E": "decoder_not_registered"}

# %% right: changed on second thoughts
diagnosis = dict.fromkeys("ABCDE", "divided_by_batches")
diagnosis.update(A="step_in_evaluation", B="names_differ", C="scale_is_variance")
diagnosis["D"], diagnosis["E"] = "to_event_missing", "decoder_not_registered"

# %% right: a default dictionary
from collections import defaultdict

diagnosis = defaultdict(str)
for letter, name in ("B", "names_differ"), ("A", "step_in_evaluation"), (
        "D", "to_event_missing"), ("C", "scale_is_variance"):
    diagnosis[letter] = name
diagnosis["E"] = "decoder_not_registered"

# %% right: names kept in variables
evaluation, names, scale = "step_in_evaluation", "names_differ", "scale_is_variance"
event, module = "to_event_missing", "decoder_not_registered"
diagnosis = {"A": evaluation, "B": names, "C": scale, "D": event, "E": module}

# %% wrong C6: two exchanged
diagnosis = {
    "A": "names_differ",
    "B": "step_in_evaluation",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C6: one wrong
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "divided_by_batches",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C6: two wrong
diagnosis = {
    "A": "torch_optimizer",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "store_not_cleared",
}

# %% wrong C6: three wrong
diagnosis = {
    "A": "torch_optimizer",
    "B": "grey_pixels",
    "C": "divided_by_batches",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C6: all in a circle
diagnosis = {
    "A": "names_differ",
    "B": "scale_is_variance",
    "C": "to_event_missing",
    "D": "decoder_not_registered",
    "E": "step_in_evaluation",
}

# %% wrong C6: D and E exchanged
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "decoder_not_registered",
    "E": "to_event_missing",
}

# %% wrong C6: x suspected
diagnosis = {
    "A": "x_not_observed",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C5: one choice for all
diagnosis = {
    "A": "decoder_not_registered",
    "B": "decoder_not_registered",
    "C": "decoder_not_registered",
    "D": "decoder_not_registered",
    "E": "decoder_not_registered",
}

# %% wrong C5: one choice twice
diagnosis = {
    "A": "step_in_evaluation",
    "B": "decoder_not_registered",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C4: a name that is not listed
diagnosis = {
    "A": "step_in_evaluation",
    "B": "no_replay",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C4: a misspelled name
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_varience",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C4: sentences
diagnosis = {
    "A": "it learns from the test set",
    "B": "the loss is negative",
    "C": "the KL is small",
    "D": "shapes",
    "E": "the decoder rests",
}

# %% wrong C2: one letter missing
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "E": "decoder_not_registered",
}

# %% wrong C2: one left open
diagnosis = {
    "A": "step_in_evaluation",
    "B": ...,
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C2: one is None
diagnosis = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": None,
}

# %% wrong C2: numbers for letters
diagnosis = {
    "1": "step_in_evaluation",
    "2": "names_differ",
    "3": "scale_is_variance",
    "4": "to_event_missing",
    "5": "decoder_not_registered",
}

# %% wrong C2: turned round
diagnosis = {
    "step_in_evaluation": "A",
    "names_differ": "B",
    "scale_is_variance": "C",
    "to_event_missing": "D",
    "decoder_not_registered": "E",
}

# %% wrong C1: a list
diagnosis = ["step_in_evaluation", "names_differ", "scale_is_variance", "to_event_missing", "decoder_not_registered"]

# %% wrong C1: a sentence
diagnosis = "A is step_in_evaluation, B is names_differ"

# %% wrong C1: a set of pairs
diagnosis = set([
    ("A", "step_in_evaluation"), ("B", "names_differ"), ("C", "scale_is_variance"),
    ("D", "to_event_missing"), ("E", "decoder_not_registered")])

# %% wrong C3: several guesses for one log
diagnosis = {
    "A": ["step_in_evaluation", "x_not_observed"],
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong C3: a number of the list
diagnosis = {
    "A": 4,
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}

# %% wrong -: nothing chosen
diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}

# %% wrong -: an empty dictionary
diagnosis = {}
