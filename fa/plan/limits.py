"""What cannot be trained, whoever asks for it: config.yaml or the command line."""

from fa.mnist.digits import POOL


def pool_problem(train_samples: int, test_samples: int) -> str | None:
    """Say why so many samples cannot be drawn; None if they can."""
    total = train_samples + test_samples
    if total <= POOL:
        return None
    return f"{train_samples} + {test_samples} = {total} digits, but MNIST has {POOL}"


def batch_problem(train_samples: int, batch_size: int) -> str | None:
    """Say why the samples do not make whole batches of this size; None if they do."""
    if train_samples % batch_size == 0:
        return None
    divisors = [d for d in range(1, train_samples + 1) if train_samples % d == 0]
    nearest = min(divisors, key=lambda divisor: abs(divisor - batch_size))
    return (
        f"{batch_size} does not divide dataset.train_samples ({train_samples}); "
        f"the nearest that does is {nearest}"
    )
