"""From a pose to the places of all joints."""

from dataclasses import dataclass, replace

from render.figures.geometry import bearing, frame, lerp, polar, two_bone
from schemas.figure import Figure, Limb, Point, Pose, Spot, View

TORSO, NECK, HEAD = 31.0, 4.6, 6.6
UPPER_ARM, FOREARM, HAND = 16.5, 14.5, 5.2
THIGH, SHIN, FOOT = 25.0, 24.5, 10.5
SHOULDER_HALF, HIP_HALF = 9.3, 5.0
SIDES = ("n", "f")
FAR_OFFSET = (1.6, 1.0)
FAR_LEG = (3.2, 0.8)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Where the joints are, and where the torso, the head, the hands and the feet point (degrees).

    Joints: hip, mid, neck, nape, head, and on each side sh_ el_ wr_ hand_ hp_ kn_ an_ toe_ with n or f.
    """

    joints: dict[str, Point]
    angles: dict[str, float]

    def at(self, spot: Spot) -> Point:
        """The place of a spot; a joint's own place is added to its offset."""
        origin = self.joints[spot.joint] if spot.joint else (0.0, 0.0)
        return origin[0] + spot.x, origin[1] + spot.y


def solve(figure: Figure, pose: Pose) -> Skeleton:
    """Place all joints of `pose`; a pinned pose is moved until its pinned joint lies at the pin."""
    if pose.pin is None:
        return _solve(pose, figure.view)
    hip = pose.hip
    for _ in range(2):  # reaching limbs only settle once the first shift is known
        found = _solve(replace(pose, hip=hip), figure.view).joints[pose.pin.joint]
        hip = (hip[0] + pose.pin.x - found[0], hip[1] + pose.pin.y - found[1])
    return _solve(replace(pose, hip=hip), figure.view)


def _solve(pose: Pose, view: View) -> Skeleton:
    body = Skeleton({"hip": pose.hip}, {"torso": pose.torso})
    _trunk(body, pose)
    for side in SIDES:
        _girdles(body, pose, view, side)
    for side in SIDES:
        _leg(body, pose, side)
    for side in SIDES:
        _arm(body, pose, side)
    return body


def _trunk(body: Skeleton, pose: Pose) -> None:
    joints, head = body.joints, pose.torso if pose.head is None else pose.head
    joints["neck"] = polar(pose.hip, pose.torso, TORSO * pose.torso_scale)
    joints["mid"] = polar(lerp(pose.hip, joints["neck"], 0.5), pose.torso + 90, pose.arch)
    joints["nape"] = polar(joints["neck"], head - 90, pose.glide * 0.55)
    joints["head"] = polar(polar(joints["neck"], head - 90, pose.glide), head, NECK + HEAD)
    body.angles["head"] = head + pose.nod


def _girdles(body: Skeleton, pose: Pose, view: View, side: str) -> None:
    joints, hip, torso = body.joints, pose.hip, pose.torso
    if view is View.SIDE:
        joints[f"sh_{side}"] = polar(lerp(joints["mid"], joints["neck"], 0.78), torso - 90, pose.shoulder)
        joints[f"sh_{side}"] = polar(joints[f"sh_{side}"], torso, pose.shrug)
        joints[f"hp_{side}"] = hip
        return
    sign = 1 if side == "n" else -1
    place = frame(hip, torso)
    height = TORSO * pose.torso_scale * 0.895 + pose.shrug
    joints[f"sh_{side}"] = place(height, (SHOULDER_HALF - abs(pose.shoulder) * 0.6) * sign)
    joints[f"hp_{side}"] = place(0, HIP_HALF * sign)


def _shift_far(body: Skeleton, name: str, side: str, own: bool, by: Point = FAR_OFFSET) -> Point:
    if side == "f" and not own and body.joints["hp_n"] == body.joints["hip"]:
        x, y = body.joints[name]
        body.joints[name] = (x + by[0], y + by[1])
    return body.joints[name]


def _bend(body: Skeleton, limb: Limb, root: Point, lengths: tuple[float, float]) -> tuple[Point, Point]:
    """The middle and the end joint of a limb."""
    first, second = lengths[0] * limb.scale[0], lengths[1] * limb.scale[1]
    if limb.mid is not None:
        middle = body.at(limb.mid)
        end = body.at(limb.to) if limb.to else polar(middle, limb.lower, second)
        return middle, end
    if limb.to is not None:
        target = body.at(limb.to)
        if limb.bend == 0:  # bent towards the viewer: it only looks shorter
            return lerp(root, target, first / (first + second)), target
        middle = two_bone(root, target, first, second, limb.bend)
        return middle, polar(middle, bearing(middle, target), second)
    middle = polar(root, limb.upper, first)
    return middle, polar(middle, limb.lower, second)


def _leg(body: Skeleton, pose: Pose, side: str) -> None:
    own = pose.leg_f if side == "f" else pose.leg_n
    limb = own or pose.leg_n or Limb(end=0)
    place = body.joints[f"hp_{side}"]
    hip = _shift_far(body, f"hp_{side}", side, own is not None, FAR_LEG)
    if limb.to and hip != place:  # the whole leg shows beside the near one, not its knee alone
        limb = replace(limb, to=replace(limb.to, x=limb.to.x + FAR_LEG[0], y=limb.to.y + FAR_LEG[1]))
    knee, ankle = _bend(body, limb, hip, (THIGH, SHIN))
    foot = 0.0 if limb.end is None else limb.end
    body.joints.update({f"kn_{side}": knee, f"an_{side}": ankle})
    body.joints[f"toe_{side}"] = polar(polar(ankle, foot - 90, 2.6), foot, FOOT)
    body.angles[f"foot_{side}"] = foot


def _arm(body: Skeleton, pose: Pose, side: str) -> None:
    own = pose.arm_f if side == "f" else pose.arm_n
    limb = own or pose.arm_n or Limb(pose.torso + 188, pose.torso + 198)
    shoulder = _shift_far(body, f"sh_{side}", side, own is not None)
    elbow, wrist = _bend(body, limb, shoulder, (UPPER_ARM, FOREARM))
    hand = bearing(elbow, wrist) if limb.end is None else limb.end
    body.joints.update({f"el_{side}": elbow, f"wr_{side}": wrist})
    body.joints[f"hand_{side}"] = polar(wrist, hand, HAND)
    body.angles[f"hand_{side}"] = hand
