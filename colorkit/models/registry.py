"""The networks that weights files may hold, by name; a new one adds its line."""

from colorkit.models.cocolor import CoColor
from colorkit.models.colormamba import ColorMamba
from colorkit.models.colornet import ColorNet
from colorkit.models.colornet_variants import ResidualColorNet, ToldColorNet
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.instance_fusion import InstanceFusion
from colorkit.models.instance_trunk import InstanceTrunk
from colorkit.models.network import Network
from colorkit.models.nirnet import NirEfficientUNet, NirNet, NirResNetUNet
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.models.vivid_unet import VividUNet

_ALL = (
    ColorNet,
    NirNet,
    UNet,
    ResNetUNet,
    NirResNetUNet,
    NirEfficientUNet,
    HintUNet,
    EfficientUNet,
    VividUNet,
    CoColor,
    ColorMamba,
    SceneClassifier,
    InstanceTrunk,
    InstanceFusion,
    ResidualColorNet,
    ToldColorNet,
)
NETWORKS: dict[str, type[Network]] = {network.__name__: network for network in _ALL}
