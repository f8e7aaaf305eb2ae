"""Solutions of chapter 14, encoders: `python notebooks/solutions/14_encoder.py`."""

import torch
import torch.nn.functional as F

from colorkit.course.exercises import photographs, tell, train
from colorkit.imaging.color import decolorize, unscale_ab
from colorkit.imaging.metrics.quality import colorfulness_ab
from colorkit.models import pretrained
from colorkit.models.colornet import parameter_count
from colorkit.models.prediction import predict
from colorkit.models.unet import UNet
from colorkit.studies.gans.distillation import pruned
from colorkit.studies.gans.training import UNetColorizer, UNetRecipe


def exercise_1():
    """The filters of one channel answer a gray picture otherwise than the classifier does.

    A gray picture fed to a classifier stands in all three channels, so each filter answers with the
    sum of its three. A filter that compares colors, red minus green say, answers gray with nought,
    and its red part alone answers everything bright. The layers above have never seen that.
    """
    torch.manual_seed(0)
    first = torch.nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    gray = decolorize(photographs(64))
    classifier = first(gray.expand(-1, 3, -1, -1))

    def answer(filters):
        return F.conv2d(gray, filters, stride=2, padding=3)

    off = {
        "sum": (answer(first.weight.sum(dim=1, keepdim=True)) - classifier).abs().max().item(),
        "one channel": (answer(first.weight[:, :1]) - classifier).abs().max().item(),
    }
    assert off["sum"] < 1e-4 < off["one channel"]
    return {"largest difference from the classifier": off}


def exercise_2():
    """Yes: a student that is too small to tell all pictures apart paints the middle of the answers.

    It answers doubt about its teacher as its teacher answered doubt about the truth, and a middle
    is duller. For least squares this is no accident: what is fitted and what is left add up to the
    variance of the teacher, so the student's own is smaller. Training on the truth as well does not
    change that; seeing more of the picture does.
    """
    teacher, _ = pretrained.load("colornet")
    gray = decolorize(photographs(96))
    with torch.inference_mode():
        ab = unscale_ab(predict(teacher, gray).ab)  # (6, 2, h, w)
    x = F.adaptive_avg_pool2d(gray, ab.shape[-2:]).flatten().double()
    y = ab.transpose(0, 1).flatten(1).T.double()  # (pixels, 2)
    design = torch.stack([x**power for power in range(4)], dim=1)
    taught = design @ torch.linalg.lstsq(design, y).solution
    found = {
        name: colorfulness_ab(plane.T[None, :, :, None]).item()
        for name, plane in (("teacher", y), ("student", taught))
    }
    assert found["student"] < found["teacher"]
    return {"colorfulness M1, all pictures as one": found}


def exercise_3():
    """In two steps what is left after the first can take over before the second cuts again.

    Whether that is better depends on how long one trains in between; the network that comes out has
    the same size either way.
    """
    recipe = UNetRecipe(epochs=1, batch_size=8, precision="32-true")

    def trained(name, network):
        def make():
            copy = UNet(**network.settings())
            copy.load_state_dict(network.state_dict())
            return copy

        return train(name, make, recipe=recipe, module=UNetColorizer)

    torch.manual_seed(0)
    whole = trained("whole", UNet(1, 2, width=16, depth=3)).model()
    at_once = trained("at once", pruned(whole, 4))
    half = trained("half", pruned(whole, 8)).model()
    twice = trained("twice", pruned(half, 4))
    sizes = [parameter_count(run.model()) for run in (at_once, twice)]
    assert sizes[0] == sizes[1] < parameter_count(half) / 3
    error = {n: 1000 * r.history["val_color"].min() for n, r in (("1", at_once), ("2", twice))}
    return {"parameters": sizes[0], "error × 1000, by cuts": error}


def exercise_4():
    """The discriminator then plays in a quarter of the epochs, and has a quarter of the say.

    Between two of its epochs the generator goes back towards the mean. The history shows it as a
    saw: the error falls for three epochs and rises in the fourth.
    """

    def plays(epoch):
        return epoch % 4 == 3

    share = sum(plays(epoch) for epoch in range(32)) / 32
    assert share == 1 / 4
    return {"share of adversarial epochs": share, "first ones": [e for e in range(12) if plays(e)]}


if __name__ == "__main__":
    tell(__name__)
