/** Which of QEMU's machines are used. */
import { runTool } from './tool.ts'

export const qemuSystem = 'qemu-system-x86_64'

/** The newest machine type of this QEMU by the name that stays. Throws ToolFailed where there is no QEMU. */
export const newestMachineType = async (): Promise<string> => {
  const { output } = await runTool(qemuSystem, ['-machine', 'help'])
  return /alias of (pc-q35-[\w.]+)/.exec(output)?.[1] ?? 'q35'
}
