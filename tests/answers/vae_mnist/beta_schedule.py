# %% right: textbook
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, step / warmup_steps)

# %% right: two cases
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * step / warmup_steps

# %% right: one expression
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max if step >= warmup_steps else step / warmup_steps * beta_max

# %% right: divides by one at least
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(step / max(warmup_steps, 1), 1.0) if warmup_steps > 0 else float(beta_max)

# %% right: np.clip
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if not warmup_steps:
        return float(beta_max)
    return float(beta_max * np.clip(step / warmup_steps, 0.0, 1.0))

# %% right: np.interp
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return np.interp(step, [0, warmup_steps], [0.0, beta_max])

# %% right: a tensor
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps <= 0:
        return torch.tensor(float(beta_max))
    return torch.clamp(torch.tensor(step / warmup_steps), max=1.0) * beta_max

# %% right: a tensor in single precision
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return torch.tensor(beta_max, dtype=torch.float32)
    t = torch.tensor(step, dtype=torch.float32) / warmup_steps
    return beta_max * torch.minimum(t, torch.tensor(1.0))

# %% right: catches the division
def beta_schedule(step, warmup_steps, beta_max=1.0):
    try:
        fraction = step / warmup_steps
    except ZeroDivisionError:
        fraction = 1.0
    return beta_max * min(fraction, 1.0)

# %% right: lerp
def beta_schedule(step, warmup_steps, beta_max=1.0):
    t = 1.0 if warmup_steps == 0 else min(step, warmup_steps) / warmup_steps
    return (1 - t) * 0.0 + t * beta_max

# %% right: what is left
def beta_schedule(step, warmup_steps, beta_max=1.0):
    left = max(warmup_steps - step, 0)
    return beta_max - beta_max * left / warmup_steps if left else beta_max

# %% right: slope and cap
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    slope = beta_max / warmup_steps
    return min(slope * step, beta_max)

# %% right: sorted, the middle of three
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return sorted([0.0, beta_max * step / warmup_steps, beta_max])[1]

# %% right: whole numbers at the ends
def beta_schedule(step, warmup_steps, beta_max=1):
    if step >= warmup_steps:
        return beta_max
    if step <= 0:
        return 0
    return beta_max * step / warmup_steps

# %% right: exact fractions
def beta_schedule(step, warmup_steps, beta_max=1.0):
    from fractions import Fraction
    t = Fraction(min(step, warmup_steps), warmup_steps) if warmup_steps else Fraction(1)
    return float(t) * beta_max

# %% right: linspace looked up
def beta_schedule(step, warmup_steps, beta_max=1.0):
    ramp = np.linspace(0.0, beta_max, warmup_steps + 1)
    return ramp[min(step, warmup_steps)] if warmup_steps > 0 else beta_max

# %% right: table kept for the arguments
from functools import lru_cache


@lru_cache(maxsize=None)
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max if step >= warmup_steps else beta_max * step / warmup_steps

# %% right: epsilon too small to matter, and the edge by hand
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, step / (warmup_steps + 1e-12))

# %% right: other names and a helper
def clamp(value, low, high):
    return max(low, min(high, value))


def beta_schedule(t, n, top=1.0):
    return top * (clamp(t / n, 0.0, 1.0) if n else 1.0)

# %% right: a class that is called
class Warmup:
    def __call__(self, step, warmup_steps, beta_max=1.0):
        return beta_max if step >= warmup_steps else beta_max * (step / warmup_steps)


beta_schedule = Warmup()

# %% right: where
def beta_schedule(step, warmup_steps, beta_max=1.0):
    t = np.where(step < warmup_steps, step / max(warmup_steps, 1), 1.0)
    return beta_max * t

# %% right: a lambda
beta_schedule = lambda step, warmup_steps, beta_max=1.0: beta_max * (step / warmup_steps if step < warmup_steps else 1.0)

# %% right: counted up from zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    beta = 0.0 if warmup_steps else beta_max
    for _ in range(min(step, warmup_steps)):
        beta += beta_max / warmup_steps
    return beta

# %% right: prints
def beta_schedule(step, warmup_steps, beta_max=1.0):
    beta = beta_max if step >= warmup_steps else beta_max * step / warmup_steps
    print("beta", beta)
    return beta

# %% wrong S1: no cap
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * step / warmup_steps

# %% wrong S1: no cap and no beta_max
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return step / max(warmup_steps, 1)

# %% wrong S2: from one to zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * (1 - min(1.0, step / warmup_steps))

# %% wrong S2: from one to zero and below
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * (1 - step / max(warmup_steps, 1))

# %% wrong S2: fraction turned over
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, warmup_steps / max(step, 1))

# %% wrong S3: one step less
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps < 2:
        return beta_max
    return beta_max * min(1.0, step / (warmup_steps - 1))

# %% wrong S3: linspace of warmup_steps numbers
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return np.linspace(0.0, beta_max, warmup_steps)[step]

# %% wrong S4: step plus one
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, (step + 1) / warmup_steps)

# %% wrong S4: warm-up plus one, against zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, step / (warmup_steps + 1))

# %% wrong S4: step plus one of warm-up plus one
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, (step + 1) / (warmup_steps + 1))

# %% wrong S5: half a cosine
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * 0.5 * (1 - math.cos(math.pi * step / warmup_steps))

# %% wrong S5: a sine
def beta_schedule(step, warmup_steps, beta_max=1.0):
    t = 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)
    return beta_max * math.sin(math.pi / 2 * t)

# %% wrong S5: a sigmoid
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max / (1 + math.exp(-12 * (step / warmup_steps - 0.5)))

# %% wrong S5: a parabola
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, step / warmup_steps) ** 2

# %% wrong S5: a root
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * math.sqrt(step / warmup_steps)

# %% wrong S5: an exponential approach
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * (1 - math.exp(-step / warmup_steps))

# %% wrong S5: tanh
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * math.tanh(3 * step / warmup_steps)

# %% wrong S5: geometric from a thousandth
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * 1e-3 ** (1 - step / warmup_steps)

# %% wrong S6: beta_max ignored
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return min(1.0, step / warmup_steps) if warmup_steps else 1.0

# %% wrong S7: beta_max as cap only
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return min(step / warmup_steps, beta_max)

# %% wrong S7: cap of one
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return min(1.0, beta_max * step / warmup_steps)

# %% wrong S7: beta_max twice
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    beta = min(beta_max, beta_max * step / warmup_steps)
    return beta * beta_max

# %% wrong S8: division by zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, step / warmup_steps)

# %% wrong S8: not a number
def beta_schedule(step, warmup_steps, beta_max=1.0):
    t = torch.tensor(float(step)) / warmup_steps
    return beta_max * t.clamp(max=1.0)

# %% wrong S8: NumPy's division by zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * np.minimum(1.0, np.float64(step) / warmup_steps)

# %% wrong S9: zero for ever
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return 0.0
    return beta_max * min(1.0, step / warmup_steps)

# %% wrong S9: one step of warm-up at least
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, step / max(1, warmup_steps))

# %% wrong S9: epsilon in the denominator
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, step / (warmup_steps + 1e-8))

# %% wrong S9: one instead of beta_max
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return 1.0
    return beta_max * min(1.0, step / warmup_steps)

# %% wrong S9: step zero first
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step == 0:
        return 0.0
    return beta_max if step >= warmup_steps else beta_max * step / warmup_steps

# %% wrong S10: whole division
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1, step // warmup_steps)

# %% wrong S10: int of the fraction
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1, int(step / warmup_steps))

# %% wrong S10: int of beta
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return int(beta_max * min(1.0, step / warmup_steps))

# %% wrong S10: zero, then beta_max
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return 0.0 if step < warmup_steps else beta_max

# %% wrong S11: a jump after step zero
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max if step > 0 or warmup_steps == 0 else 0.0

# %% wrong S21: max for min
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * max(1.0, step / warmup_steps)

# %% wrong S11: a jump after the warm-up
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max if step > warmup_steps else 0.0

# %% wrong S12: a counter of its own
count = 0


def beta_schedule(step, warmup_steps, beta_max=1.0):
    global count
    beta = beta_max if warmup_steps == 0 else beta_max * min(1.0, count / warmup_steps)
    count += 1
    return beta

# %% wrong S12: adds to what it was
beta = 0.0


def beta_schedule(step, warmup_steps, beta_max=1.0):
    global beta
    beta = min(beta_max, beta + beta_max / max(warmup_steps, 1))
    return beta

# %% wrong S12: never falls
highest = [0.0]


def beta_schedule(step, warmup_steps, beta_max=1.0):
    now = beta_max if step >= warmup_steps else beta_max * step / warmup_steps
    highest[0] = max(highest[0], now)
    return highest[0]

# %% wrong S13: percent
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return 100 * beta_max * min(1.0, step / warmup_steps)

# %% wrong S14: starts again
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * (step % warmup_steps) / warmup_steps

# %% wrong S14: cyclic with a pause
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, 2 * (step % warmup_steps) / warmup_steps)

# %% wrong S14: up and down
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * (1 - abs(step / warmup_steps % 2 - 1))

# %% wrong S15: zero after the warm-up
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * step / warmup_steps if step <= warmup_steps else 0.0

# %% wrong S15: one after the warm-up
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * step / warmup_steps if step < warmup_steps else 1.0

# %% wrong S16: always beta_max
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max

# %% wrong S16: always one
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return 1.0

# %% wrong S17: ten stairs
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * math.floor(10 * step / warmup_steps) / 10

# %% wrong S17: rounded to one decimal
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * round(step / warmup_steps, 1)

# %% wrong S18: all betas
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return np.array([beta_max])
    return np.minimum(np.arange(step + 1) / warmup_steps, 1.0) * beta_max

# %% wrong S18: an array of one number
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return torch.tensor([beta_max if step >= warmup_steps else beta_max * step / warmup_steps])

# %% wrong S19: half of the warm-up
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if warmup_steps == 0:
        return beta_max
    return beta_max * min(1.0, step / (0.5 * warmup_steps))

# %% wrong S20: starts at a tenth
def beta_schedule(step, warmup_steps, beta_max=1.0):
    if step >= warmup_steps:
        return beta_max
    return beta_max * (0.1 + 0.9 * step / warmup_steps)

# %% wrong -: raises
def beta_schedule(step, warmup_steps, beta_max=1.0):
    return beta_max * min(1.0, step / warmup)

# %% wrong -: returns None
def beta_schedule(step, warmup_steps, beta_max=1.0):
    beta = beta_max * min(1.0, step / max(warmup_steps, 1))
