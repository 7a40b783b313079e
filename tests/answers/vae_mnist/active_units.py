# %% right: textbook
def active_units(mu, threshold=1e-2):
    return int((mu.var(dim=0) > threshold).sum())

# %% right: item
def active_units(mu, threshold=1e-2):
    return (torch.var(mu, dim=0) > threshold).sum().item()

# %% right: a tensor without axes
def active_units(mu, threshold=1e-2):
    return (mu.var(0) > threshold).sum()

# %% right: variance of the population
def active_units(mu, threshold=1e-2):
    return int((mu.var(dim=0, unbiased=False) > threshold).sum())

# %% right: correction 0
def active_units(mu, threshold=1e-2):
    variance = torch.var(mu, dim=0, correction=0)
    return int(torch.sum(variance > threshold))

# %% right: by hand
def active_units(mu, threshold=1e-2):
    centred = mu - mu.mean(dim=0)
    variance = (centred**2).mean(dim=0)
    return int((variance > threshold).sum())

# %% right: mean square less squared mean
def active_units(mu, threshold=1e-2):
    variance = (mu**2).mean(0) - mu.mean(0) ** 2
    return (variance > threshold).sum().item()

# %% right: standard deviation squared
def active_units(mu, threshold=1e-2):
    return int((mu.std(0) ** 2 > threshold).sum())

# %% right: standard deviation and the root of the threshold
def active_units(mu, threshold=1e-2):
    return int((mu.std(0) > math.sqrt(threshold)).sum())

# %% right: diagonal of the covariance
def active_units(mu, threshold=1e-2):
    covariance = torch.cov(mu.T).reshape(mu.shape[1], mu.shape[1])
    return int((torch.diag(covariance) > threshold).sum())

# %% right: loop over latents
def active_units(mu, threshold=1e-2):
    count = 0
    for j in range(mu.shape[1]):
        if mu[:, j].var() > threshold:
            count += 1
    return count

# %% right: NumPy
def active_units(mu, threshold=1e-2):
    return int((mu.detach().cpu().numpy().var(axis=0) > threshold).sum())

# %% right: NumPy number
def active_units(mu, threshold=1e-2):
    return np.sum(np.var(mu.numpy(), axis=0) > threshold)

# %% right: count_nonzero
def active_units(mu, threshold=1e-2):
    return torch.count_nonzero(mu.var(0) > threshold).item()

# %% right: length of the list of active ones
def active_units(mu, threshold=1e-2):
    active = [j for j, v in enumerate(mu.var(0).tolist()) if v > threshold]
    return len(active)

# %% right: selected ones counted
def active_units(mu, threshold=1e-2):
    variance = mu.var(0)
    return len(variance[variance > threshold])

# %% right: at least the threshold
def active_units(mu, threshold=1e-2):
    return int((mu.var(0) >= threshold).sum())

# %% right: var_mean
def active_units(mu, threshold=1e-2):
    variance, _ = torch.var_mean(mu, dim=0)
    return int(variance.gt(threshold).sum())

# %% right: without gradient
@torch.no_grad()
def active_units(mu, threshold=1e-2):
    return int((mu.detach().var(dim=0) > threshold).long().sum())

# %% right: transposed
def active_units(mu, threshold=1e-2):
    return int((mu.T.var(dim=1) > threshold).sum())

# %% right: python sum
def active_units(mu, threshold=1e-2):
    return sum(bool(v > threshold) for v in mu.var(0))

# %% right: double precision, from the end
def active_units(mu, threshold=1e-2):
    return int((mu.double().var(dim=-2) > threshold).sum(-1))

# %% right: half the mean squared difference
def active_units(mu, threshold=1e-2):
    shifted = mu - mu[0]
    variance = (shifted**2).mean(0) - shifted.mean(0) ** 2
    return int((variance > threshold).sum())

# %% right: einsum
def active_units(mu, threshold=1e-2):
    d = mu - mu.mean(0, keepdim=True)
    return int((torch.einsum("nd,nd->d", d, d) / (len(mu) - 1) > threshold).sum())

# %% wrong A2: standard deviation
def active_units(mu, threshold=1e-2):
    return int((mu.std(0) > threshold).sum())

# %% wrong A2: standard deviation of the population
def active_units(mu, threshold=1e-2):
    return int((mu.std(0, unbiased=False) > threshold).sum())

# %% wrong A3: mean size
def active_units(mu, threshold=1e-2):
    return int((mu.abs().mean(0) > threshold).sum())

# %% wrong A3: mean square
def active_units(mu, threshold=1e-2):
    return int(((mu**2).mean(0) > threshold).sum())

# %% wrong A3: size of the mean
def active_units(mu, threshold=1e-2):
    return int((mu.mean(0).abs() > threshold).sum())

# %% wrong A3: the mean
def active_units(mu, threshold=1e-2):
    return int((mu.mean(dim=0) > threshold).sum())

# %% wrong A3: largest size
def active_units(mu, threshold=1e-2):
    return int((mu.abs().max(dim=0).values > threshold).sum())

# %% wrong A4: variance over latents
def active_units(mu, threshold=1e-2):
    return int((mu.var(dim=1) > threshold).sum())

# %% wrong A4: last axis
def active_units(mu, threshold=1e-2):
    return (mu.var(-1, unbiased=False) > threshold).sum().item()

# %% wrong A5: share
def active_units(mu, threshold=1e-2):
    return (mu.var(0) > threshold).float().mean().item()

# %% wrong A6: inactive units
def active_units(mu, threshold=1e-2):
    return int((mu.var(0) < threshold).sum())

# %% wrong A6: sign of the comparison
def active_units(mu, threshold=1e-2):
    variance = mu.var(0)
    return len(variance) - int((variance > threshold).sum())

# %% wrong A7: mask as numbers
def active_units(mu, threshold=1e-2):
    return (mu.var(0) > threshold).int()

# %% wrong A7: indices
def active_units(mu, threshold=1e-2):
    return torch.where(mu.var(0) > threshold)[0]

# %% wrong A7: variances
def active_units(mu, threshold=1e-2):
    return mu.var(0)

# %% wrong A8: threshold written in
def active_units(mu, threshold=1e-2):
    return int((mu.var(0) > 0.01).sum())

# %% wrong A9: range
def active_units(mu, threshold=1e-2):
    return int((mu.amax(0) - mu.amin(0) > threshold).sum())

# %% wrong A9: mean distance
def active_units(mu, threshold=1e-2):
    return int(((mu - mu.mean(0)).abs().mean(0) > threshold).sum())

# %% wrong A10: sum of squared distances
def active_units(mu, threshold=1e-2):
    return int((((mu - mu.mean(0)) ** 2).sum(0) > threshold).sum())

# %% wrong A11: one variance
def active_units(mu, threshold=1e-2):
    return int(mu.var() > threshold)

# %% wrong A12: one mean for all latents
def active_units(mu, threshold=1e-2):
    return int((((mu - mu.mean()) ** 2).mean(0) > threshold).sum())

# %% wrong A2: threshold squared
def active_units(mu, threshold=1e-2):
    return int((mu.var(0) > threshold**2).sum())

# %% wrong A13: root of the threshold
def active_units(mu, threshold=1e-2):
    return int((mu.var(0) > threshold**0.5).sum())

# %% wrong A14: share of the largest
def active_units(mu, threshold=1e-2):
    variance = mu.var(0)
    return int((variance / variance.max() > threshold).sum())

# %% wrong A14: share of the total
def active_units(mu, threshold=1e-2):
    variance = mu.var(0)
    return int((variance / variance.sum() > threshold).sum())

# %% wrong A15: taken as log-variance
def active_units(mu, threshold=1e-2):
    return int((mu.exp().mean(0) > threshold).sum())

# %% wrong A16: numbers above the threshold
def active_units(mu, threshold=1e-2):
    return int((mu.abs() > threshold).sum())

# %% wrong A3: any image above the threshold
def active_units(mu, threshold=1e-2):
    return int((mu.abs() > threshold).any(dim=0).sum())

# %% wrong A17: sum of variances
def active_units(mu, threshold=1e-2):
    return mu.var(0).sum().item()

# %% wrong A1: draws of z
def active_units(mu, threshold=1e-2):
    z = mu + torch.randn_like(mu)
    return int((z.var(0) > threshold).sum())

# %% wrong A19: scaled first
def active_units(mu, threshold=1e-2):
    scaled = (mu - mu.mean(0)) / (mu.std(0) + 1e-8)
    return int((scaled.var(0) > threshold).sum())

# %% wrong A18: centred in place
def active_units(mu, threshold=1e-2):
    mu -= mu.mean(0)
    return int(((mu**2).mean(0) > threshold).sum())

# %% wrong A7: mask
def active_units(mu, threshold=1e-2):
    return mu.var(0) > threshold

# %% wrong -: the first hundred images
def active_units(mu, threshold=1e-2):
    return int((mu[:100].var(0) > threshold).sum())
