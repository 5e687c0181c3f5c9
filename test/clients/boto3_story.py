"""Boot from a volume with boto3: from a blank volume to an image, an instance, another image, and back to nothing."""
import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

url, image = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=url)
patience = {"Delay": 1, "MaxAttempts": 60}


def wait(name, **what):
    ec2.get_waiter(name).wait(WaiterConfig=patience, **what)


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
blank = ec2.create_volume(AvailabilityZone=zone, Size=4)["VolumeId"]
wait("volume_available", VolumeIds=[blank])
snapshot = ec2.create_snapshot(VolumeId=blank, Description="a root")["SnapshotId"]
wait("snapshot_completed", SnapshotIds=[snapshot])
own = ec2.register_image(
    Name="boto3 root",
    RootDeviceName="/dev/sda1",
    BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
)["ImageId"]
wait("image_available", ImageIds=[own])

states = []
launched = ec2.run_instances(
    ImageId=own,
    InstanceType="t3.micro",
    MinCount=1,
    MaxCount=1,
    DisableApiTermination=True,
    UserData="#!/bin/sh\necho hello",
    BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 6}}],
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "boto3 <story> & more"}]}],
)["Instances"][0]
instance = launched["InstanceId"]


def described():
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


wait("instance_running", InstanceIds=[instance])
states.append(described()["State"]["Name"])
assert described()["Tags"] == [{"Key": "Name", "Value": "boto3 <story> & more"}]
root = described()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
root_volume = ec2.describe_volumes(VolumeIds=[root])["Volumes"][0]

data = ec2.create_volume(AvailabilityZone=described()["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
wait("volume_available", VolumeIds=[data])
ec2.attach_volume(VolumeId=data, InstanceId=instance, Device="/dev/sdf")
wait("volume_in_use", VolumeIds=[data])
for _ in range(60):
    if ec2.describe_volumes(VolumeIds=[data])["Volumes"][0]["Attachments"][0]["State"] == "attached":
        break
delete_in_use = code_of(ec2.delete_volume, VolumeId=data)

second = ec2.create_image(InstanceId=instance, Name="boto3 copy", NoReboot=True)["ImageId"]
wait("image_available", ImageIds=[second])
mapping = ec2.describe_images(ImageIds=[second])["Images"][0]["BlockDeviceMappings"]
snapshots = [each["Ebs"]["SnapshotId"] for each in mapping]

ec2.stop_instances(InstanceIds=[instance])
wait("instance_stopped", InstanceIds=[instance])
states.append(described()["State"]["Name"])
ec2.start_instances(InstanceIds=[instance])
wait("instance_running", InstanceIds=[instance])
states.append(described()["State"]["Name"])

terminate_protected = code_of(ec2.terminate_instances, InstanceIds=[instance])
ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
ec2.terminate_instances(InstanceIds=[instance])
wait("instance_terminated", InstanceIds=[instance])
states.append(described()["State"]["Name"])
wait("volume_deleted", VolumeIds=[root])
wait("volume_available", VolumeIds=[data])
data_after = ec2.describe_volumes(VolumeIds=[data])["Volumes"][0]["State"]
stop_terminated = code_of(ec2.stop_instances, InstanceIds=[instance])

in_use = code_of(ec2.delete_snapshot, SnapshotId=snapshot)
assert in_use == "InvalidSnapshot.InUse", in_use
for each in (own, second):
    ec2.deregister_image(ImageId=each)
for each in (snapshot, *snapshots):
    ec2.delete_snapshot(SnapshotId=each)
for each in (data, blank):
    ec2.delete_volume(VolumeId=each)
wait("volume_deleted", VolumeIds=[data, blank])

access = os.environ["AWS_ACCESS_KEY_ID"]
stranger = boto3.client("ec2", endpoint_url=url, aws_access_key_id=access, aws_secret_access_key="not-the-secret")
wrong = code_of(stranger.describe_instances)

print(
    json.dumps(
        {
            "rootSnapshot": root_volume["SnapshotId"] == snapshot,
            "rootSizeGiB": root_volume["Size"],
            "statesSeen": states,
            "imageSnapshots": len(snapshots),
            "rootAfterTerminate": "gone",
            "dataAfterTerminate": data_after,
            "refusals": {
                "stopTerminated": stop_terminated,
                "deleteInUse": delete_in_use,
                "terminateProtected": terminate_protected,
            },
            "wrongSignature": wrong in ("AuthFailure", "SignatureDoesNotMatch"),
        }
    )
)
