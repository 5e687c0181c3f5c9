/** The words that start a machine. No shell reads them; what QEMU itself would take apart is quoted here. */
import { join } from 'node:path'
import { nodeOf, serialOf } from './pool.ts'
import type { Qcow2Node } from './qmp-commands.ts'
import type { Device } from './records.ts'

/** Disks a machine can have; each needs a root port from the launch on. (spec: drivers-and-qemu 4.) */
export const portCount = 8

export interface Boot {
  readonly kernel: string
  readonly initrd?: string
  readonly append?: string
}
export interface MachineSpec {
  readonly instance: string
  readonly generation: number
  readonly accelerator: 'tcg' | 'kvm'
  /** With its version, so that what is saved of this machine fits the next one. */
  readonly machine: string
  readonly vcpus: number
  readonly memoryBytes: number
  /** Root first, each with the path of its disk. */
  readonly disks: readonly (Device & { readonly path: string })[]
  readonly boot?: Boot
  /** A file that the guest reads as `opt/org.stemma/user-data` of the firmware configuration. */
  readonly userDataFile?: string
  /** It is to go on from what is kept of another process, which is told to it later; its console goes on too. */
  readonly isIncoming?: boolean
}

/** In QEMU's lists a comma ends a value, and two are one. */
const value = (text: string): string => text.replaceAll(',', ',,')

/** What a machine answers when it is asked who it is: the launch, so that an older process is never taken for a newer. */
export const machineName = (instance: string, generation: number): string => `${instance}/${generation}`

export const runFiles = (folder: string) => ({
  pid: join(folder, 'pid'),
  /** For calls: one client at a time, each for a moment. */
  monitor: join(folder, 'qmp'),
  /** For whoever watches. */
  events: join(folder, 'events'),
  console: join(folder, 'console.log'),
  userData: join(folder, 'user-data'),
  launch: join(folder, 'launch.json'),
})

export const diskNode = (volume: string, path: string): Qcow2Node => ({
  driver: 'qcow2',
  'node-name': nodeOf(volume),
  discard: 'unmap',
  file: { driver: 'file', filename: path },
})

/** `addr` is said because a second disk in an occupied port would be taken and never seen. */
export const diskDevice = (volume: string, port: number) =>
  ({
    driver: 'virtio-blk-pci',
    id: deviceOf(volume),
    drive: nodeOf(volume),
    serial: serialOf(volume),
    bus: `port${port}`,
    addr: '0x0',
  }) as const
export const deviceOf = (volume: string): string => `d-${nodeOf(volume)}`

export const commandLine = (spec: MachineSpec, folder: string): string[] => {
  const files = runFiles(folder)
  const accelerator = spec.accelerator === 'tcg' ? 'tcg,tb-size=32' : 'kvm'
  const monitor = (id: string, path: string) => [
    '-chardev',
    `socket,id=${id},path=${value(path)},server=on,wait=off`,
    '-mon',
    `chardev=${id},mode=control`,
  ]
  const ports = Array.from({ length: portCount }, (_, port) => [
    '-device',
    `pcie-root-port,id=port${port},bus=pcie.0,chassis=${port + 1},slot=${port + 1}`,
  ])
  // A kernel that QEMU loads itself takes the first place in the boot order.
  const disks = spec.disks.flatMap(({ volume, path, port, root }) => [
    '-blockdev',
    JSON.stringify(diskNode(volume, path)),
    '-device',
    JSON.stringify({ ...diskDevice(volume, port), ...(root && !spec.boot ? { bootindex: 0 } : {}) }),
  ])
  const { boot, userDataFile, isIncoming } = spec
  return [
    ...['-name', `guest=${machineName(spec.instance, spec.generation)}`],
    ...['-accel', accelerator, '-machine', spec.machine, '-smp', String(spec.vcpus)],
    ...['-m', `size=${spec.memoryBytes / 1024}k`],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // Not running yet, and still there when the guest has ended: what happened is recorded before it is forgotten.
    ...['-S', '-no-shutdown', '-daemonize', '-pidfile', files.pid],
    ...monitor('monitor', files.monitor),
    ...monitor('events', files.events),
    ...['-chardev', `file,id=console,path=${value(files.console)}${isIncoming ? ',append=on' : ''}`],
    ...['-serial', 'chardev:console'],
    ...ports.flat(),
    ...disks,
    ...(isIncoming ? ['-incoming', 'defer'] : []),
    ...(boot ? ['-kernel', boot.kernel] : []),
    ...(boot?.initrd ? ['-initrd', boot.initrd] : []),
    ...(boot?.append ? ['-append', boot.append] : []),
    ...(userDataFile ? ['-fw_cfg', `name=opt/org.stemma/user-data,file=${value(userDataFile)}`] : []),
  ]
}
