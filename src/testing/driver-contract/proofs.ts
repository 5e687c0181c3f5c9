/**
 * Which clause proves a capability: the one that fails when the declaration is wrong. Every name of the vocabulary is
 * here, or this file does not compile. What no call of the contract can do is proven by not being declared.
 */
import type { CapabilityName } from './capability-names.ts'

const beyond = 'declares nothing that no call of the contract can do'
const sizes = 'makes volumes of the least and the largest size it declares, in its steps, and of none between or beyond'
const repeated = 'finds an instance made already when the call is repeated with its token, and makes no second one'
const shown = 'makes an instance in the state it declares, observed and listed with what it answered'
const gracefully = 'stops gracefully and hard where it declares each style'
const soon = 'starts and stops within the times after which either is taken for failed'
const branching =
  'goes back to a VM snapshot that has others after it, and on from there, or only to the last, as it declares'
const restStates = 'refuses the power states it does not declare'

/** By capability, the title of its clause. */
export const capabilityProofs: { readonly [C in CapabilityName]: string } = {
  zones: 'offers each zone it declares',
  regions: 'offers each zone it declares',

  clonesOnLaunch: 'makes an instance a root of its own: the volume of the name that was asked for, which it keeps',
  runsOnImage: 'runs an instance on its image, which keeps what the guest writes, or says that it can not',
  imageExclusive: 'lets several instances run on one image, or one at a time, as it declares',
  cloneKind: 'lets an image go before the disks that were made of it only where those are full copies',
  canCloneImage: 'clones an image, and boots an instance from the clone',
  canDeleteImage: 'takes an image away that nothing needs: it is not shown any more, and nothing is made of it',
  canDeleteClone: 'deletes a clone when no instance has it any more',
  canCreateVolumeFromImage: 'makes a volume from an image',
  bootFromVolume: 'boots from any volume, or says that it does not',
  bootFromSnapshot: 'boots from a volume that was made of a snapshot, or says that it does not',
  stateAfterCreate: shown,

  stop: 'keeps what a guest wrote to its root through a stop and a start',
  stopStyles: gracefully,
  start: 'starts the next launch of a stopped instance, once',
  reboot: 'resets a running guest, once for one token, and stays in the same launch',
  suspend: 'keeps a suspended guest through the loss of its host, or loses it, as it declares',
  pause: restStates,
  graceful: 'tells of a guest that does not turn off when it is asked to, and turns it off when it is not asked',
  vanishesAfterStop: 'tells of a guest that ends by itself, by observation and, where it watches, by news',
  consoleOutput: 'shows what a guest has written, and nothing of an instance it does not know',

  destroy: 'destroys an instance; destroying it again, or one that never was, is done already',
  destroyFrom: 'destroys from each state it declares, and from no other',
  rootOnDestroy: 'deletes or leaves the root that it made with the instance, as it declares and its flags say',
  rootOnStop: 'deletes or leaves the root that it made when the instance is off, as it declares',
  attachmentsOnDestroy: 'frees or deletes the volumes of a destroyed instance, as it declares and its flags say',
  auxiliaryOnDestroy: 'cleans up what it made beside an instance, as it declares, and says what is left',
  terminationProtection: beyond,
  deleteOnTermination: 'frees or deletes the volumes of a destroyed instance, as it declares and its flags say',

  'volume.minBytes': sizes,
  'volume.maxBytes': sizes,
  'volume.stepBytes': sizes,
  'volume.grow': 'grows the disk of a running instance only where it declares to',
  'volume.shrink': 'grows a volume, and never shrinks one',
  'volume.retype': 'changes the type of a volume and keeps its size, only where it declares to',
  'volume.encrypt': 'makes an encrypted volume, or says that it has none',
  'volume.migrate': 'moves a volume to another pool, beside a running instance only where it declares to',
  'volumeAttach.hotPlug': 'attaches to a running instance only where it declares hot plug',
  'volumeAttach.hotUnplug': 'detaches from a running instance only where it declares hot unplug',
  'volumeAttach.max': 'attaches as many volumes as it declares, and no more',
  'volumeAttach.multiAttach': 'lets several instances have a volume, or refuses the second, as it declares',
  'volumeAttach.detachNeedsGuest':
    'waits for a guest to let go of a volume only where it declares that, and not when it is forced',
  'volumeAttach.identity': 'tells the serial by which a guest finds a volume, where it declares one',
  'volumeSnapshot.of': 'takes snapshots of volumes in the states it declares, and of no other',
  'volumeSnapshot.live': 'takes snapshots of the disk of a running guest only where it declares that',
  'volumeSnapshot.group': 'takes snapshots of several volumes with one call; each then is one like any other',
  'volumeSnapshot.incremental': beyond,
  'volumeSnapshot.independentOfVolume':
    'keeps a snapshot when its volume grows or is deleted, or keeps the volume as long as there is one',
  'volumeSnapshot.revert': 'takes a volume back to what its snapshot keeps, when nobody runs with it',
  'volumeSnapshot.revertRestoresSize': 'gives a volume the size that its snapshot has, or leaves it, as it declares',
  'vmSnapshot.memory':
    'keeps a running instance with its memory, observed and listed with its disks, or says that it does not',
  'vmSnapshot.diskOnly': 'keeps the disks of a stopped instance alone, or says that it does not',
  'vmSnapshot.live': 'keeps the disks alone of a running guest only where it declares that',
  'vmSnapshot.quiesce': 'has a guest write out first what it holds back, or says that it can not',
  'vmSnapshot.tree': branching,
  'vmSnapshot.revertWhileRunning': 'takes back an instance that runs only where it declares that',
  'vmSnapshot.maxCount': 'keeps as many VM snapshots as it declares, and no more',
  'vmSnapshot.maxDepth': 'keeps as many VM snapshots in a line as it declares, and no more',
  'vmSnapshot.stunsVm':
    'shows a guest as running all the while that it is kept, unless it declares that it stands still',
  'vmSnapshot.layered': 'takes out one that several are built on, or none until fewer are, as it declares',
  'vmSnapshot.blocks': 'refuses what it declares to refuse while there are VM snapshots, and nothing else',

  imagesNarrow: 'offers with its images less than itself only where it declares that, and never more',
  'createImage.fromStates': beyond,
  'createImage.rebootsInstance': beyond,
  'createImage.fromSnapshot': beyond,
  'createImage.fromManifest': beyond,
  imageFormats: beyond,
  boot: beyond,

  async: 'never answers with a handle where it declares to answer at once, and has news where it declares news',
  'idempotency.by': repeated,
  'idempotency.ttlMs': repeated,
  'consistency.readAfterWrite': shown,
  'consistency.lagMs': shown,
  capacity: 'counts what is used where it declares a measured capacity',
  features: beyond,
  'limits.nameMaxLength': beyond,
  'limits.nameCharset': beyond,
  'limits.memoryMultipleMiB': 'gives an instance memory in the multiples it declares, and in no others',
  'limits.callsInFlightMax': 'bears as many calls at once as it declares',
  'limits.callTimeoutMs': 'answers each call within the time it declares',
  'settle.startRetryAfterMs': soon,
  'settle.stopRetryAfterMs': soon,
  'settle.missingGraceMs': 'shows no instance as missing for longer than it declares, whatever was done to it',
}

/** Capabilities of which the contract has no call: each is to be as it is by default. */
export const beyondTheContract = (Object.keys(capabilityProofs) as CapabilityName[]).filter(
  name => capabilityProofs[name] === beyond,
)
