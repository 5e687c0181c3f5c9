/**
 * What went wrong with QEMU when it was tried (spec drivers-and-qemu, by its sections), and the test that shows it does
 * not go wrong here. A test checks that each of them exists.
 */
export interface Trap {
  /** Of the spec; in section 2, the number of the trap. */
  readonly section: string
  readonly trap: string
  readonly file: string
  /** Of the test, or its beginning. */
  readonly title: string
}

const trap = (section: string, trap: string, file: string, title: string): Trap => ({
  ...{ section, trap, title },
  file: `${file}.test.ts`,
})

export const traps: readonly Trap[] = [
  trap('1', 'liveness without pid numbers: zombies, and numbers that come again', 'traps', 'is not said by a pid'),
  trap('1', 'sockets and pid file of a killed machine stay', 'traps', 'is not said by a pid'),
  trap(
    '1',
    'the list of locks is read a page at a time',
    'traps',
    'is not said by a lock that the kernel does not show',
  ),
  trap('1', 'a process that is killed has its disks for a moment longer', 'between', 'is there until it has let go'),
  trap('1', 'a second start of the same machine', 'traps', 'is said by the lock'),
  trap('1', 'a socket that belongs to another machine', 'traps', 'is not who answers at its socket'),
  trap('1', 'a monitor has one client, a second gets no greeting', 'qmp', 'gives a second client of one monitor'),
  trap('1', 'somebody else has the monitor', 'traps', 'is not known while somebody else has its monitor'),
  trap('1', 'a machine that does not answer is unknown', 'machines', 'that do not answer are unknown, never failed'),
  trap('1', 'events while nobody listens are lost', 'guests', 'that end by themselves are stopped'),
  trap('1', 'an accepted power button means nothing', 'machines', 'that do not end when they are asked to'),
  trap(
    '1',
    'errors of the socket reach nobody else',
    'qmp',
    'leaves what was asked as possibly done when it is killed',
  ),

  trap('2.1', 'create and convert overwrite', 'disks', 'never take the place of a file that is there'),
  trap('2.2', 'half of a disk looks sound', 'disks', 'are not there while they are half made'),
  trap(
    '2.2',
    'half of a disk that a machine copied looks sound',
    'traps',
    'is made anew over what a machine that died',
  ),
  trap('2.3', 'a commit rewrites the golden image', 'disks', 'are layers over an image that never changes'),
  trap('2.3', 'a commit is never asked for', 'traps', 'are said to qemu-img each time'),
  trap('2.3', 'an ordinary user can not change an image', 'ordinary-user', 'runs machines in a pool of its own'),
  trap('2.4', 'names of internal snapshots are not unique', 'vm-snapshots', 'are put on each disk once'),
  trap('2.5', 'a guessed format', 'traps', 'are said to qemu-img each time'),
  trap('2.5', 'garbage is called raw', 'disks', 'are refused: '),
  trap('2.6', 'an image that is open elsewhere', 'disks', 'refuse to change while another process has them open'),
  trap('2.7', 'a revert restores the old size', 'vm-snapshots', 'take sizes back with them, and tell'),
  trap('2.8', 'overlays hide older internal snapshots', 'vm-snapshots', 'bring back the memory and every disk'),
  trap('2.9', 'no space left while a guest writes', 'traps', 'holds the guest that writes'),
  trap('2.9', 'no space left, as its caller sees it', 'stalled', 'is shown as held'),
  trap('2.9', 'no space left while a disk is made', 'disks', 'leave nothing behind when the file system is full'),
  trap('2.10', 'lengths of names', 'traps', 'of every length that ids have'),
  trap('2.10', 'characters of names', 'disks', 'are short and well-formed for every id'),
  trap('2.11', 'layers know their base by its path', 'traps', 'of a layer’s base are found from everywhere'),

  trap('3', 'only records know which snapshot follows which', 'memory', 'is there again with its disk after each'),
  trap('3', 'space that no snapshot has is still used: it is measured', 'measured', 'is measured after each change'),
  trap('3', 'a save holds the monitor: no answer is no failure', 'machines', 'that do not answer are unknown'),
  trap('3', 'a failed load leaves a machine stopped', 'vm-snapshots', 'that a disk has lost are not gone back to'),
  trap('3', 'a name on some of the disks', 'vm-snapshots', 'are put on each disk once'),
  trap('3', 'a load after a disk came or went', 'vm-snapshots', 'are loaded only into a machine that is as it was'),
  trap('3', 'a disk that keeps nothing', 'traps', 'are never said by a disk to a machine'),
  trap('3', 'disks alone can not be reverted while it runs', 'vm-snapshots', 'with memory go on in a new process too'),
  trap('3', 'a resize is undone by a revert', 'vm-snapshots', 'keep their volumes from others'),
  trap('3', 'a suspended guest goes on from its memory', 'suspending', 'go on in another process'),

  trap('4', 'a second disk in an occupied port', 'traps', 'never share a port'),
  trap('4', 'no more disks than ports', 'machines', 'take disks into free ports'),
  trap('4', 'a retried attach finds half of it done', 'traps', 'are connected once'),
  trap('4', 'the serial is the identity of a disk', 'guests', 'see disks come with their serials'),
  trap('4', 'a detach without an operating system', 'machines', 'let go of a disk when they are stopped'),
  trap(
    '4',
    'a repeated detach, and one that a reset completes',
    'traps',
    'that the guest does not let go of are still',
  ),
  trap('4', 'a detach that never ends holds up nothing', 'stop-while-detaching', 'does not hold up %s'),

  trap('5', 'controller killed: the job stays until it is dismissed', 'kills', 'keep a machine once'),
  trap('5', 'controller killed during a snapshot', 'machines', 'finish a snapshot for a later driver'),
  trap('5', 'controller killed during a launch', 'machines', 'are adopted, not started twice'),
  trap('5', 'controller killed during a reset', 'kills', 'reset a guest once'),
  trap('5', 'controller killed while a file is built', 'disks', 'are not there while they are half made'),
  trap('5', 'machine killed during a save', 'vm-snapshots', 'of a machine that died before they were whole'),
  trap('5', 'machine killed between disks of a save', 'vm-snapshots', 'are put on each disk once'),
  trap('5', 'machine killed during a copy', 'traps', 'is none when the machine is killed meanwhile'),
  trap('5', 'machine killed while its memory is written', 'suspending', 'whose machine dies while it writes'),
  trap('5', 'controller killed when the memory was written', 'suspending', 'whose memory has its name are suspended'),
  trap('5', 'a truncated state file', 'suspending', 'whose memory is cut short'),
  trap('5', 'memory that can not be written', 'suspending', 'go on running when their memory can not be written'),
  trap('5', 'a revert is done once', 'kills', 'take a group and a volume back once'),
  trap('5', 'leaked clusters are given back', 'vm-snapshots', 'of a machine that died before they were whole'),
  trap('5', 'orphans, and strangers', 'survey', 'tells orphans, ghosts, drift and strangers apart'),
]
