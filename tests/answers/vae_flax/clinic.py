# %% right: in the order of the letters
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% right: in another order
diagnosis = {
    "D": "sigma_one",
    "B": "raw_pixels",
    "E": "key_reused",
    "A": "bf16_latents",
    "C": "stale_closure",
}

# %% right: lower-case letters
diagnosis = {
    "a": "bf16_latents",
    "b": "raw_pixels",
    "c": "stale_closure",
    "d": "sigma_one",
    "e": "key_reused",
}

# %% right: capitals
diagnosis = {
    "A": "BF16_LATENTS",
    "B": "RAW_PIXELS",
    "C": "STALE_CLOSURE",
    "D": "SIGMA_ONE",
    "E": "KEY_REUSED",
}

# %% right: spaces for underscores
diagnosis = {
    "A": "bf16 latents",
    "B": "raw pixels",
    "C": "stale closure",
    "D": "sigma one",
    "E": "key reused",
}

# %% right: hyphens for underscores
diagnosis = {
    "A": "bf16-latents",
    "B": "raw-pixels",
    "C": "stale-closure",
    "D": "sigma-one",
    "E": "key-reused",
}

# %% right: blanks around
diagnosis = {
    " A ": "  bf16_latents ",
    " B ": "  raw_pixels ",
    " C ": "  stale_closure ",
    " D ": "  sigma_one ",
    " E ": "  key_reused ",
}

# %% right: title case
diagnosis = {
    "A": "Bf16 Latents",
    "B": "Raw Pixels",
    "C": "Stale Closure",
    "D": "Sigma One",
    "E": "Key Reused",
}

# %% right: dict with keywords
diagnosis = dict(
    A="bf16_latents",
    B="raw_pixels",
    C="stale_closure",
    D="sigma_one",
    E="key_reused",
)

# %% right: filled one by one
diagnosis = {}
diagnosis["A"] = "bf16_latents"
diagnosis["B"] = "raw_pixels"
diagnosis["C"] = "stale_closure"
diagnosis["D"] = "sigma_one"
diagnosis["E"] = "key_reused"

# %% right: zipped
diagnosis = dict(zip("ABCDE", ["bf16_latents", "raw_pixels", "stale_closure", "sigma_one", "key_reused"]))

# %% right: a note beside the letters
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
    "note": "C looked healthy",
}

# %% right: quoted twice
diagnosis = {
    "A": "'bf16_latents'",
    "B": "'raw_pixels'",
    "C": "'stale_closure'",
    "D": "'sigma_one'",
    "E": "'key_reused'",
}

# %% right: back-quoted
diagnosis = {
    "A": "`bf16_latents`",
    "B": "`raw_pixels`",
    "C": "`stale_closure`",
    "D": "`sigma_one`",
    "E": "`key_reused`",
}

# %% right: an ordered dictionary
from collections import OrderedDict

diagnosis = OrderedDict([("A", "bf16_latents"), ("B", "raw_pixels"), ("C", "stale_closure"), ("D", "sigma_one"), ("E", "key_reused")])

# %% right: through a helper
def look(log):
    return {"A": "bf16_latents", "B": "raw_pixels", "C": "stale_closure"}.get(log) or (
        "key_reused" if log == "E" else "sigma_one")

diagnosis = {log: look(log) for log in "ABCDE"}

# %% right: a comprehension
diagnosis = {letter: name for letter, name in zip("ABCDE", (
    "bf16_latents", "raw_pixels", "stale_closure", "sigma_one", "key_reused"))}

# %% right: merged from two
diagnosis = {"A": "bf16_latents", "B": "raw_pixels"} | {
    "C": "stale_closure", "D": "sigma_one", "E": "key_reused"}

# %% right: changed on second thoughts
diagnosis = dict.fromkeys("ABCDE", "no_normaliser")
diagnosis.update(A="bf16_latents", B="raw_pixels", C="stale_closure")
diagnosis["D"], diagnosis["E"] = "sigma_one", "key_reused"

# %% right: a default dictionary
from collections import defaultdict

diagnosis = defaultdict(str)
for letter, name in ("B", "raw_pixels"), ("A", "bf16_latents"), ("D", "sigma_one"), ("C", "stale_closure"):
    diagnosis[letter] = name
diagnosis["E"] = "key_reused"

# %% right: names kept in variables
dtype, data, compiled = "bf16_latents", "raw_pixels", "stale_closure"
scale, noise = "sigma_one", "key_reused"
diagnosis = {"A": dtype, "B": data, "C": compiled, "D": scale, "E": noise}

# %% wrong C6: two exchanged
diagnosis = {
    "A": "raw_pixels",
    "B": "bf16_latents",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C6: one wrong
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "no_normaliser",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C6: two wrong
diagnosis = {
    "A": "noise_shared",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "summed_over_devices",
}

# %% wrong C6: three wrong
diagnosis = {
    "A": "noise_shared",
    "B": "divided_by_255",
    "C": "no_normaliser",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C6: all in a circle
diagnosis = {
    "A": "raw_pixels",
    "B": "stale_closure",
    "C": "sigma_one",
    "D": "key_reused",
    "E": "bf16_latents",
}

# %% wrong C6: the last two exchanged
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "key_reused",
    "E": "sigma_one",
}

# %% wrong C6: a sign suspected
diagnosis = {
    "A": "kl_added",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C5: one choice for all
diagnosis = {
    "A": "key_reused",
    "B": "key_reused",
    "C": "key_reused",
    "D": "key_reused",
    "E": "key_reused",
}

# %% wrong C5: one choice twice
diagnosis = {
    "A": "bf16_latents",
    "B": "key_reused",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C4: a name that is not listed
diagnosis = {
    "A": "bf16_latents",
    "B": "posterior_collapse",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C4: a misspelled name
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closures",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C4: sentences
diagnosis = {
    "A": "the noise is coarse",
    "B": "no noise on the pixels",
    "C": "beta never changes",
    "D": "collapse",
    "E": "overfitting",
}

# %% wrong C2: one letter missing
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closure",
    "E": "key_reused",
}

# %% wrong C2: one left open
diagnosis = {
    "A": "bf16_latents",
    "B": ...,
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C2: one is None
diagnosis = {
    "A": "bf16_latents",
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": None,
}

# %% wrong C2: numbers for letters
diagnosis = {
    "1": "bf16_latents",
    "2": "raw_pixels",
    "3": "stale_closure",
    "4": "sigma_one",
    "5": "key_reused",
}

# %% wrong C2: turned round
diagnosis = {
    "bf16_latents": "A",
    "raw_pixels": "B",
    "stale_closure": "C",
    "sigma_one": "D",
    "key_reused": "E",
}

# %% wrong C1: a list
diagnosis = ["bf16_latents", "raw_pixels", "stale_closure", "sigma_one", "key_reused"]

# %% wrong C1: a sentence
diagnosis = "A is bf16_latents, B is raw_pixels"

# %% wrong C1: a set of pairs
diagnosis = set([("A", "bf16_latents"), ("B", "raw_pixels"), ("C", "stale_closure"), ("D", "sigma_one"), ("E", "key_reused")])

# %% wrong C3: several guesses for one log
diagnosis = {
    "A": ["bf16_latents", "kl_added"],
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong C3: a number of the list
diagnosis = {
    "A": 4,
    "B": "raw_pixels",
    "C": "stale_closure",
    "D": "sigma_one",
    "E": "key_reused",
}

# %% wrong -: nothing chosen
diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}

# %% wrong -: an empty dictionary
diagnosis = {}
