# Boot from a volume with fog-aws.
require 'fog/aws'
require 'json'
require 'uri'

url, = ARGV
place = URI(url)
settings = {
  aws_access_key_id: ENV.fetch('AWS_ACCESS_KEY_ID'),
  region: ENV.fetch('AWS_DEFAULT_REGION'),
  scheme: 'http', host: place.host, port: place.port, path: '/'
}
ec2 = Fog::AWS::Compute.new(aws_secret_access_key: ENV.fetch('AWS_SECRET_ACCESS_KEY'), **settings)

def code_of
  yield
  nil
rescue Fog::AWS::Compute::Error => e
  e.message.split(' => ').first
end

def until_so(seconds = 60)
  deadline = Time.now + seconds
  until (seen = yield)
    raise 'waited in vain' if Time.now > deadline
    sleep 0.2
  end
  seen
end

zone = ec2.describe_availability_zones.body['availabilityZoneInfo'].first['zoneName']
blank = ec2.volumes.create(availability_zone: zone, size: 4)
blank.wait_for { ready? }
snapshot = ec2.snapshots.create(volume_id: blank.id, description: 'a root')
snapshot.wait_for { ready? }
own = ec2.register_image('fog-root', 'from a snapshot', '/dev/sda1',
                         [{ 'DeviceName' => '/dev/sda1', 'SnapshotId' => snapshot.id }],
                         'Architecture' => 'x86_64', 'RootDeviceName' => '/dev/sda1').body['imageId']
states = []
server = ec2.servers.create(image_id: own, flavor_id: 't3.micro',
                            block_device_mapping: [{ 'DeviceName' => '/dev/sda1', 'Ebs.VolumeSize' => 6 }])
server.wait_for { ready? }
states << server.state
root_id = server.block_device_mapping.first['volumeId']
root = ec2.volumes.get(root_id)

data = ec2.volumes.create(availability_zone: server.availability_zone, size: 1)
data.wait_for { ready? }
ec2.attach_volume(server.id, data.id, '/dev/sdf')
until_so { ec2.volumes.get(data.id).state == 'in-use' && ec2.servers.get(server.id).block_device_mapping.any? { |e| e['volumeId'] == data.id && e['status'] == 'attached' } }
delete_in_use = code_of { ec2.delete_volume(data.id) }

second = ec2.create_image(server.id, 'fog-copy', 'of an instance', true).body['imageId']
image = until_so do
  seen = ec2.describe_images('ImageId' => [second]).body['imagesSet'].first
  seen if seen && seen['imageState'] == 'available'
end
snapshots = image['blockDeviceMapping'].map { |each| each['snapshotId'] }

server.stop
server.wait_for { state == 'stopped' }
states << server.state
server.start
server.wait_for { ready? }
states << server.state
ec2.modify_instance_attribute(server.id, 'DisableApiTermination.Value' => true)
terminate_protected = code_of { ec2.terminate_instances(server.id) }
ec2.modify_instance_attribute(server.id, 'DisableApiTermination.Value' => false)
ec2.terminate_instances(server.id)
until_so { ec2.servers.get(server.id).state == 'terminated' }
states << 'terminated'
until_so { ec2.volumes.get(root_id).nil? }
data_after = until_so { (now = ec2.volumes.get(data.id).state) != 'in-use' && now }
stop_terminated = code_of { ec2.stop_instances(server.id) }

[own, second].each { |each| ec2.deregister_image(each) }
[snapshot.id, *snapshots].each { |each| ec2.delete_snapshot(each) }
[data.id, blank.id].each { |each| ec2.delete_volume(each) }

stranger = Fog::AWS::Compute.new(aws_secret_access_key: 'not-the-secret', **settings)
wrong = begin
  stranger.describe_instances
  false
rescue StandardError => e
  e.message.match?(/AuthFailure|SignatureDoesNotMatch/) || e.respond_to?(:response) && e.response.body.match?(/AuthFailure|SignatureDoesNotMatch/)
end

puts JSON.generate(
  rootSnapshot: root.snapshot_id == snapshot.id, rootSizeGiB: root.size, statesSeen: states,
  imageSnapshots: snapshots.length, rootAfterTerminate: 'gone', dataAfterTerminate: data_after,
  refusals: { stopTerminated: stop_terminated, deleteInUse: delete_in_use, terminateProtected: terminate_protected },
  wrongSignature: wrong ? true : false
)
