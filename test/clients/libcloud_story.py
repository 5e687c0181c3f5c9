"""Boot from a volume with libcloud's EC2 driver."""
import json
import sys
import time
from urllib.parse import urlparse

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider
import os

url, image_id = sys.argv[1:]
place = urlparse(url)


def connect(secret):
    return get_driver(Provider.EC2)(
        os.environ["AWS_ACCESS_KEY_ID"],
        secret,
        region=os.environ["AWS_DEFAULT_REGION"],
        secure=False,
        host=place.hostname,
        port=place.port,
        signature_version="4",
    )


driver = connect(os.environ["AWS_SECRET_ACCESS_KEY"])


def until(what, is_so, seconds=60):
    deadline = time.time() + seconds
    while time.time() < deadline:
        seen = what()
        if is_so(seen):
            return seen
        time.sleep(0.2)
    raise SystemExit("waited in vain; last seen: %r" % (seen,))


def code_of(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except (BaseHTTPError, Exception) as error:
        return str(error).split(":")[0]
    return None


def volume(identifier):
    return next((each for each in driver.list_volumes() if each.id == identifier), None)


def node_state(node):
    return driver.list_nodes(ex_node_ids=[node.id])[0].extra["status"]


zone = driver.ex_list_availability_zones()[0]
size = next(each for each in driver.list_sizes() if each.id == "t3.micro")
blank = driver.create_volume(4, "blank", location=driver.list_locations()[0])
until(lambda: volume(blank.id), lambda seen: seen and seen.extra["state"] == "available")
snapshot = driver.create_volume_snapshot(blank, name="root")
until(lambda: [s for s in driver.list_snapshots() if s.id == snapshot.id], lambda seen: seen and seen[0].extra["state"] == "completed")
own = driver.ex_register_image(
    "libcloud-root",
    architecture="x86_64",
    root_device_name="/dev/sda1",
    block_device_mapping=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot.id}}],
)
states = []
node = driver.create_node(
    name="libcloud",
    image=own,
    size=size,
    ex_blockdevicemappings=[{"DeviceName": "/dev/sda1", "Ebs.VolumeSize": 6}],
)
until(lambda: node_state(node), lambda seen: seen == "running")
states.append(node_state(node))
root_id = driver.list_nodes(ex_node_ids=[node.id])[0].extra["block_device_mapping"][0]["ebs"]["volume_id"]
root = volume(root_id)

node_zone = driver.list_nodes(ex_node_ids=[node.id])[0].extra["availability"]
location = next(each for each in driver.list_locations() if each.availability_zone.name == node_zone)
data = driver.create_volume(1, "data", location=location)
until(lambda: volume(data.id), lambda seen: seen and seen.extra["state"] == "available")
driver.attach_volume(node, data, device="/dev/sdf")
until(
    lambda: driver.list_nodes(ex_node_ids=[node.id])[0].extra["block_device_mapping"],
    lambda seen: any(each["ebs"]["volume_id"] == data.id and each["ebs"]["status"] == "attached" for each in seen),
)
delete_in_use = code_of(driver.destroy_volume, data)

second = driver.create_image(node, name="libcloud-copy", reboot=False)
done = until(lambda: driver.get_image(second.id), lambda seen: seen.extra["state"] == "available")
snapshots = [each["ebs"]["snapshot_id"] for each in done.extra["block_device_mapping"]]

driver.stop_node(node)
until(lambda: node_state(node), lambda seen: seen == "stopped")
states.append(node_state(node))
driver.start_node(node)
until(lambda: node_state(node), lambda seen: seen == "running")
states.append(node_state(node))
driver.ex_modify_instance_attribute(node, {"DisableApiTermination.Value": "true"})
terminate_protected = code_of(driver.destroy_node, node)
driver.ex_modify_instance_attribute(node, {"DisableApiTermination.Value": "false"})
driver.destroy_node(node)
until(lambda: node_state(node), lambda seen: seen == "terminated")
states.append(node_state(node))
until(lambda: volume(root_id), lambda seen: seen is None)
data_after = until(lambda: volume(data.id), lambda seen: seen.extra["state"] != "in-use").extra["state"]
stop_terminated = code_of(driver.stop_node, node)

for each in (own, second):
    driver.delete_image(each)
for each in (snapshot.id, *snapshots):
    driver.destroy_volume_snapshot(next(s for s in driver.list_snapshots() if s.id == each))
for each in (data, blank):
    driver.destroy_volume(each)

try:
    connect("not-the-secret").list_nodes()
    wrong = False
except InvalidCredsError:
    wrong = True
except Exception as error:
    wrong = "AuthFailure" in str(error) or "SignatureDoesNotMatch" in str(error)

print(
    json.dumps(
        {
            "rootSnapshot": root.extra["snapshot_id"] == snapshot.id,
            "rootSizeGiB": root.size,
            "statesSeen": states,
            "imageSnapshots": len(snapshots),
            "rootAfterTerminate": "gone",
            "dataAfterTerminate": data_after,
            "refusals": {
                "stopTerminated": stop_terminated,
                "deleteInUse": delete_in_use,
                "terminateProtected": terminate_protected,
            },
            "wrongSignature": wrong,
        }
    )
)
