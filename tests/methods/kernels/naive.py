"""The kernels again, as plain as NumPy can say them: what the fast ones are tested against."""

import numpy as np


def neighbours(points, queries, count):
    """Every distance in float64, then a stable sort: distances (Q, K) and rows (Q, K)."""
    points, queries = points.astype(np.float64), queries.astype(np.float64)
    distances = np.stack([np.sqrt(((points - query) ** 2).sum(axis=1)) for query in queries])
    rows = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(distances, rows, axis=1), rows


def mirrored(place, length):
    """Walk to a place beyond the border, turning round at the outermost pixels."""
    position, step = 0, 1 if place > 0 else -1
    for _ in range(abs(place)):
        if length > 1 and not 0 <= position + step < length:
            step = -step
        position += step if length > 1 else 0
    return position


def patches(lightness, pixels, size):
    """Look up every pixel of every patch by itself."""
    height, width = lightness.shape
    around = range(-(size // 2), size // 2 + 1)
    rows = [
        [
            lightness[mirrored(p // width + y, height), mirrored(p % width + x, width)]
            for y in around
            for x in around
        ]
        for p in pixels
    ]
    return np.array(rows, np.float32)


def winners(samples, codewords):
    """Nearest codeword of every sample, and the squared distance to it."""
    squares = ((samples[:, None].astype(np.float64) - codewords) ** 2).sum(axis=2)
    return squares.argmin(axis=1), squares.min(axis=1)


def _neighbourhood(nodes, columns, radius):
    """Gaussian of the distance between nodes on the grid, (nodes, nodes)."""
    row, column = np.divmod(np.arange(nodes), columns)
    squares = (row[:, None] - row) ** 2 + (column[:, None] - column) ** 2
    return np.exp(-squares / (2 * radius**2))


def som_online(samples, drawn, codewords, columns, radii, rates):
    """Kohonen's rule, a sample at a time."""
    codewords = codewords.astype(np.float64)
    for step, sample in enumerate(samples[drawn].astype(np.float64)):
        progress = step / len(drawn)
        radius = radii[0] * (radii[1] / radii[0]) ** progress
        rate = rates[0] * (rates[1] / rates[0]) ** progress
        best = ((codewords - sample) ** 2).sum(axis=1).argmin()
        pull = rate * _neighbourhood(len(codewords), columns, radius)[best]
        codewords += pull[:, None] * (sample - codewords)
    return codewords


def som_batch(samples, steps, codewords, columns, radii):
    """Every codeword to the weighted mean of all samples, `steps` times."""
    codewords = codewords.astype(np.float64)
    for step in range(steps):
        radius = radii[0] * (radii[1] / radii[0]) ** (step / max(1, steps - 1))
        weights = _neighbourhood(len(codewords), columns, radius)[:, winners(samples, codewords)[0]]
        total = weights.sum(axis=1)
        moved = total > 1e-9
        codewords[moved] = (weights @ samples)[moved] / total[moved, None]
    return codewords


def _around(position, length, small_length):
    """Return the two small pixels around a position along one side, and how near it is to the second."""
    place = np.clip((position + 0.5) * (small_length / length) - 0.5, 0, small_length - 1)
    first = min(int(place), max(small_length - 2, 0))
    return [first, min(first + 1, small_length - 1)], place - first


def _corners(plane, height, width):
    """Return the four small pixels around every pixel and their weights, each (4, height, width)."""
    small_height, small_width = plane.shape
    values, weights = np.empty((4, height, width)), np.empty((4, height, width))
    for y, x in np.ndindex(height, width):
        rows, lower = _around(y, height, small_height)
        columns, nearer = _around(x, width, small_width)
        values[:, y, x] = plane[np.ix_(rows, columns)].ravel()
        weights[:, y, x] = np.outer([1 - lower, lower], [1 - nearer, nearer]).ravel()
    return values, weights


def _bilinear(plane, height, width):
    values, weights = _corners(plane, height, width)
    return (values * weights).sum(axis=0)


def upsampled_chroma(chroma, small_lightness, lightness, smoothness):
    """A weighted regression line around every small pixel; then bilinear, plus slope times lost detail."""
    height, width, _ = chroma.shape
    chroma, small_lightness = chroma.astype(np.float64), small_lightness.astype(np.float64)
    weights = np.outer([1, 2, 1], [1, 2, 1]).ravel() / 16
    slopes = np.empty_like(chroma)
    for y, x in np.ndindex(height, width):
        rows = np.clip([y - 1, y, y + 1], 0, height - 1)
        columns = np.clip([x - 1, x, x + 1], 0, width - 1)
        light = small_lightness[np.ix_(rows, columns)].ravel()
        for c in range(2):
            values = chroma[np.ix_(rows, columns)][..., c].ravel()
            covariance = np.cov(light, values, ddof=0, aweights=weights)
            slopes[y, x, c] = covariance[0, 1] / (covariance[0, 0] + smoothness)
    detail = lightness - _bilinear(small_lightness, *lightness.shape)
    planes = []
    for c in range(2):
        corners, _ = _corners(chroma[..., c], *lightness.shape)
        smooth = _bilinear(chroma[..., c], *lightness.shape)
        plane = smooth + _bilinear(slopes[..., c], *lightness.shape) * detail
        planes.append(np.clip(plane, corners.min(axis=0), corners.max(axis=0)))
    return np.stack(planes, axis=-1)


def levin_system(lightness, colours, mask, flat, matrix_of=np.zeros):
    """Equation by equation, as the paper says them: the matrix, its rows with sums of 0, and both columns."""
    height, width = lightness.shape
    matrix = matrix_of((height * width, height * width))
    right = np.zeros((height * width, 2))
    for y in range(height):
        for x in range(width):
            here = y * width + x
            matrix[here, here] = 1
            if mask[y, x]:
                right[here] = colours[y, x]
                continue
            rows, columns = range(max(y - 1, 0), min(y + 2, height)), range(max(x - 1, 0), min(x + 2, width))
            variance = max(np.var([lightness[r, c] for r in rows for c in columns]), flat)
            around = [(r, c) for r in rows for c in columns if (r, c) != (y, x)]
            weights = np.array(
                [np.exp(-((lightness[y, x] - lightness[place]) ** 2) / (2 * variance)) for place in around]
            )
            for (r, c), weight in zip(around, weights / weights.sum(), strict=True):
                matrix[here, r * width + c] = -weight
    return matrix, right
