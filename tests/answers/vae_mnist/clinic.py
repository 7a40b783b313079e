# %% right: in the order of the letters
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% right: in another order
diagnosis = {
    "D": "too_little_data",
    "B": "mean_over_pixels",
    "E": "summed_over_batch",
    "A": "arguments_swapped",
    "C": "mean_of_log_weights",
}

# %% right: lower-case letters
diagnosis = {
    "a": "arguments_swapped",
    "b": "mean_over_pixels",
    "c": "mean_of_log_weights",
    "d": "too_little_data",
    "e": "summed_over_batch",
}

# %% right: capitals
diagnosis = {
    "A": "ARGUMENTS_SWAPPED",
    "B": "MEAN_OVER_PIXELS",
    "C": "MEAN_OF_LOG_WEIGHTS",
    "D": "TOO_LITTLE_DATA",
    "E": "SUMMED_OVER_BATCH",
}

# %% right: spaces for underscores
diagnosis = {
    "A": "arguments swapped",
    "B": "mean over pixels",
    "C": "mean of log weights",
    "D": "too little data",
    "E": "summed over batch",
}

# %% right: hyphens for underscores
diagnosis = {
    "A": "arguments-swapped",
    "B": "mean-over-pixels",
    "C": "mean-of-log-weights",
    "D": "too-little-data",
    "E": "summed-over-batch",
}

# %% right: blanks around
diagnosis = {
    " A ": "  arguments_swapped ",
    " B ": "  mean_over_pixels ",
    " C ": "  mean_of_log_weights ",
    " D ": "  too_little_data ",
    " E ": "  summed_over_batch ",
}

# %% right: title case
diagnosis = {
    "A": "Arguments Swapped",
    "B": "Mean Over Pixels",
    "C": "Mean Of Log Weights",
    "D": "Too Little Data",
    "E": "Summed Over Batch",
}

# %% right: dict with keywords
diagnosis = dict(
    A="arguments_swapped",
    B="mean_over_pixels",
    C="mean_of_log_weights",
    D="too_little_data",
    E="summed_over_batch",
)

# %% right: filled one by one
diagnosis = {}
diagnosis["A"] = "arguments_swapped"
diagnosis["B"] = "mean_over_pixels"
diagnosis["C"] = "mean_of_log_weights"
diagnosis["D"] = "too_little_data"
diagnosis["E"] = "summed_over_batch"

# %% right: zipped
diagnosis = dict(zip("ABCDE", ["arguments_swapped", "mean_over_pixels", "mean_of_log_weights", "too_little_data", "summed_over_batch"]))

# %% right: a note beside the letters
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
    "note": "C looked healthy",
}

# %% right: quoted twice
diagnosis = {
    "A": "'arguments_swapped'",
    "B": "'mean_over_pixels'",
    "C": "'mean_of_log_weights'",
    "D": "'too_little_data'",
    "E": "'summed_over_batch'",
}

# %% right: back-quoted
diagnosis = {
    "A": "`arguments_swapped`",
    "B": "`mean_over_pixels`",
    "C": "`mean_of_log_weights`",
    "D": "`too_little_data`",
    "E": "`summed_over_batch`",
}

# %% right: an ordered dictionary
from collections import OrderedDict

diagnosis = OrderedDict([("A", "arguments_swapped"), ("B", "mean_over_pixels"), ("C", "mean_of_log_weights"), ("D", "too_little_data"), ("E", "summed_over_batch")])

# %% right: through a helper
def look(log):
    return {"A": "arguments_swapped", "B": "mean_over_pixels", "C": "mean_of_log_weights"}.get(log) or (
        "summed_over_batch" if log == "E" else "too_little_data")

diagnosis = {log: look(log) for log in "ABCDE"}

# %% right: a comprehension
diagnosis = {letter: name for letter, name in zip("ABCDE", (
    "arguments_swapped", "mean_over_pixels", "mean_of_log_weights", "too_little_data", "summed_over_batch"))}

# %% right: merged from two
diagnosis = {"A": "arguments_swapped", "B": "mean_over_pixels"} | {
    "C": "mean_of_log_weights", "D": "too_little_data", "E": "summed_over_batch"}

# %% right: changed on second thoughts
diagnosis = dict.fromkeys("ABCDE", "no_log_k")
diagnosis.update(A="arguments_swapped", B="mean_over_pixels", C="mean_of_log_weights")
diagnosis["D"], diagnosis["E"] = "too_little_data", "summed_over_batch"

# %% right: a default dictionary
from collections import defaultdict

diagnosis = defaultdict(str)
for letter, name in ("B", "mean_over_pixels"), ("A", "arguments_swapped"), ("D", "too_little_data"), ("C", "mean_of_log_weights"):
    diagnosis[letter] = name
diagnosis["E"] = "summed_over_batch"

# %% right: names kept in variables
order, reduction, bound = "arguments_swapped", "mean_over_pixels", "mean_of_log_weights"
images, report = "too_little_data", "summed_over_batch"
diagnosis = {"A": order, "B": reduction, "C": bound, "D": images, "E": report}

# %% wrong C6: two exchanged
diagnosis = {
    "A": "mean_over_pixels",
    "B": "arguments_swapped",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C6: one wrong
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "no_log_k",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C6: two wrong
diagnosis = {
    "A": "beta_too_large",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "sigmoid_twice",
}

# %% wrong C6: three wrong
diagnosis = {
    "A": "beta_too_large",
    "B": "rounded_pixels",
    "C": "no_log_k",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C6: all in a circle
diagnosis = {
    "A": "mean_over_pixels",
    "B": "mean_of_log_weights",
    "C": "too_little_data",
    "D": "summed_over_batch",
    "E": "arguments_swapped",
}

# %% wrong C6: the last two exchanged
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "summed_over_batch",
    "E": "too_little_data",
}

# %% wrong C6: a sign suspected
diagnosis = {
    "A": "kl_added",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C5: one choice for all
diagnosis = {
    "A": "summed_over_batch",
    "B": "summed_over_batch",
    "C": "summed_over_batch",
    "D": "summed_over_batch",
    "E": "summed_over_batch",
}

# %% wrong C5: one choice twice
diagnosis = {
    "A": "arguments_swapped",
    "B": "summed_over_batch",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C4: a name that is not listed
diagnosis = {
    "A": "arguments_swapped",
    "B": "posterior_collapse",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C4: a misspelled name
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weight",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C4: sentences
diagnosis = {
    "A": "the loss has no bound",
    "B": "collapse",
    "C": "the bound is not tighter",
    "D": "overfitting",
    "E": "the numbers are too large",
}

# %% wrong C2: one letter missing
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "E": "summed_over_batch",
}

# %% wrong C2: one left open
diagnosis = {
    "A": "arguments_swapped",
    "B": ...,
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C2: one is None
diagnosis = {
    "A": "arguments_swapped",
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": None,
}

# %% wrong C2: numbers for letters
diagnosis = {
    "1": "arguments_swapped",
    "2": "mean_over_pixels",
    "3": "mean_of_log_weights",
    "4": "too_little_data",
    "5": "summed_over_batch",
}

# %% wrong C2: turned round
diagnosis = {
    "arguments_swapped": "A",
    "mean_over_pixels": "B",
    "mean_of_log_weights": "C",
    "too_little_data": "D",
    "summed_over_batch": "E",
}

# %% wrong C1: a list
diagnosis = ["arguments_swapped", "mean_over_pixels", "mean_of_log_weights", "too_little_data", "summed_over_batch"]

# %% wrong C1: a sentence
diagnosis = "A is arguments_swapped, B is mean_over_pixels"

# %% wrong C1: a set of pairs
diagnosis = set([("A", "arguments_swapped"), ("B", "mean_over_pixels"), ("C", "mean_of_log_weights"), ("D", "too_little_data"), ("E", "summed_over_batch")])

# %% wrong C3: several guesses for one log
diagnosis = {
    "A": ["arguments_swapped", "kl_added"],
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong C3: a number of the list
diagnosis = {
    "A": 4,
    "B": "mean_over_pixels",
    "C": "mean_of_log_weights",
    "D": "too_little_data",
    "E": "summed_over_batch",
}

# %% wrong -: nothing chosen
diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}

# %% wrong -: an empty dictionary
diagnosis = {}
