# %% right: in the order of the letters
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% right: in another order
diagnosis = {
    "D": "kl_divided_by_batch",
    "B": "sigma_too_large",
    "E": "kl_added",
    "A": "decoder_got_mu",
    "C": "too_little_data",
}

# %% right: lower-case letters
diagnosis = {
    "a": "decoder_got_mu",
    "b": "sigma_too_large",
    "c": "too_little_data",
    "d": "kl_divided_by_batch",
    "e": "kl_added",
}

# %% right: capitals
diagnosis = {
    "A": "DECODER_GOT_MU",
    "B": "SIGMA_TOO_LARGE",
    "C": "TOO_LITTLE_DATA",
    "D": "KL_DIVIDED_BY_BATCH",
    "E": "KL_ADDED",
}

# %% right: spaces for underscores
diagnosis = {
    "A": "decoder got mu",
    "B": "sigma too large",
    "C": "too little data",
    "D": "kl divided by batch",
    "E": "kl added",
}

# %% right: hyphens for underscores
diagnosis = {
    "A": "decoder-got-mu",
    "B": "sigma-too-large",
    "C": "too-little-data",
    "D": "kl-divided-by-batch",
    "E": "kl-added",
}

# %% right: blanks around
diagnosis = {
    " A ": "  decoder_got_mu ",
    " B ": "  sigma_too_large ",
    " C ": "  too_little_data ",
    " D ": "  kl_divided_by_batch ",
    " E ": "  kl_added ",
}

# %% right: title case
diagnosis = {
    "A": "Decoder Got Mu",
    "B": "Sigma Too Large",
    "C": "Too Little Data",
    "D": "Kl Divided By Batch",
    "E": "Kl Added",
}

# %% right: dict with keywords
diagnosis = dict(
    A="decoder_got_mu",
    B="sigma_too_large",
    C="too_little_data",
    D="kl_divided_by_batch",
    E="kl_added",
)

# %% right: filled one by one
diagnosis = {}
diagnosis["A"] = "decoder_got_mu"
diagnosis["B"] = "sigma_too_large"
diagnosis["C"] = "too_little_data"
diagnosis["D"] = "kl_divided_by_batch"
diagnosis["E"] = "kl_added"

# %% right: zipped
diagnosis = dict(zip("ABCDE", ["decoder_got_mu", "sigma_too_large", "too_little_data", "kl_divided_by_batch", "kl_added"]))

# %% right: a note beside the letters
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
    "note": "C was hard",
}

# %% right: quoted twice
diagnosis = {
    "A": "'decoder_got_mu'",
    "B": "'sigma_too_large'",
    "C": "'too_little_data'",
    "D": "'kl_divided_by_batch'",
    "E": "'kl_added'",
}

# %% right: back-quoted
diagnosis = {
    "A": "`decoder_got_mu`",
    "B": "`sigma_too_large`",
    "C": "`too_little_data`",
    "D": "`kl_divided_by_batch`",
    "E": "`kl_added`",
}

# %% right: an ordered dictionary
from collections import OrderedDict

diagnosis = OrderedDict([("A", "decoder_got_mu"), ("B", "sigma_too_large"), ("C", "too_little_data"), ("D", "kl_divided_by_batch"), ("E", "kl_added")])

# %% right: through a helper
def look(log):
    return {"A": "decoder_got_mu", "B": "sigma_too_large", "C": "too_little_data"}.get(log) or (
        "kl_added" if log == "E" else "kl_divided_by_batch")

diagnosis = {log: look(log) for log in "ABCDE"}

# %% right: a comprehension
diagnosis = {letter: name for letter, name in zip("ABCDE", (
    "decoder_got_mu", "sigma_too_large", "too_little_data", "kl_divided_by_batch", "kl_added"))}

# %% right: merged from two
diagnosis = {"A": "decoder_got_mu", "B": "sigma_too_large"} | {
    "C": "too_little_data", "D": "kl_divided_by_batch", "E": "kl_added"}

# %% right: changed on second thoughts
diagnosis = dict.fromkeys("ABCDE", "too_few_steps")
diagnosis.update(A="decoder_got_mu", B="sigma_too_large", C="too_little_data")
diagnosis["D"], diagnosis["E"] = "kl_divided_by_batch", "kl_added"

# %% right: a default dictionary
from collections import defaultdict

diagnosis = defaultdict(str)
for letter, name in ("B", "sigma_too_large"), ("A", "decoder_got_mu"), ("D", "kl_divided_by_batch"), ("C", "too_little_data"):
    diagnosis[letter] = name
diagnosis["E"] = "kl_added"

# %% right: names kept in variables
bottleneck, noise, sample_size = "decoder_got_mu", "sigma_too_large", "too_little_data"
batch, sign = "kl_divided_by_batch", "kl_added"
diagnosis = {"A": bottleneck, "B": noise, "C": sample_size, "D": batch, "E": sign}

# %% wrong C6: two exchanged
diagnosis = {
    "A": "sigma_too_large",
    "B": "decoder_got_mu",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C6: one wrong
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_few_steps",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C6: two wrong
diagnosis = {
    "A": "beta_too_large",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "log_sigma_forgotten",
}

# %% wrong C6: three wrong
diagnosis = {
    "A": "beta_too_large",
    "B": "linear_networks",
    "C": "too_few_steps",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C6: all in a circle
diagnosis = {
    "A": "sigma_too_large",
    "B": "too_little_data",
    "C": "kl_divided_by_batch",
    "D": "kl_added",
    "E": "decoder_got_mu",
}

# %% wrong C6: KL terms exchanged
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_added",
    "E": "kl_divided_by_batch",
}

# %% wrong C6: gradient suspected
diagnosis = {
    "A": "noise_without_gradient",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C5: one choice for all
diagnosis = {
    "A": "kl_added",
    "B": "kl_added",
    "C": "kl_added",
    "D": "kl_added",
    "E": "kl_added",
}

# %% wrong C5: one choice twice
diagnosis = {
    "A": "decoder_got_mu",
    "B": "kl_added",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C4: a name that is not listed
diagnosis = {
    "A": "decoder_got_mu",
    "B": "posterior_collapse",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C4: a misspelled name
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "to_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C4: sentences
diagnosis = {
    "A": "the KL vanishes",
    "B": "sigma is 3",
    "C": "overfitting",
    "D": "the KL is huge",
    "E": "no bound",
}

# %% wrong C2: one letter missing
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "E": "kl_added",
}

# %% wrong C2: one left open
diagnosis = {
    "A": "decoder_got_mu",
    "B": ...,
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C2: one is None
diagnosis = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": None,
}

# %% wrong C2: numbers for letters
diagnosis = {
    "1": "decoder_got_mu",
    "2": "sigma_too_large",
    "3": "too_little_data",
    "4": "kl_divided_by_batch",
    "5": "kl_added",
}

# %% wrong C2: turned round
diagnosis = {
    "decoder_got_mu": "A",
    "sigma_too_large": "B",
    "too_little_data": "C",
    "kl_divided_by_batch": "D",
    "kl_added": "E",
}

# %% wrong C1: a list
diagnosis = ["decoder_got_mu", "sigma_too_large", "too_little_data", "kl_divided_by_batch", "kl_added"]

# %% wrong C1: a sentence
diagnosis = "A is decoder_got_mu, B is sigma_too_large"

# %% wrong C1: a set of pairs
diagnosis = set([("A", "decoder_got_mu"), ("B", "sigma_too_large"), ("C", "too_little_data"), ("D", "kl_divided_by_batch"), ("E", "kl_added")])

# %% wrong C3: several guesses for one log
diagnosis = {
    "A": ["decoder_got_mu", "noise_without_gradient"],
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong C3: a number of the list
diagnosis = {
    "A": 4,
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}

# %% wrong -: nothing chosen
diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}

# %% wrong -: an empty dictionary
diagnosis = {}
