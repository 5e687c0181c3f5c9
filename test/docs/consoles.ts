/** Pages that show what commands print: each block of a console is a command and its answer, run again here. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stemma } from '../cli/stemma.ts'

const root = resolve(import.meta.dirname, '../..')
const block = /^```console\n\$ stemma (.*)\n((?:(?!```).*\n)*)```$/gm

/** Commands of a page, in order. */
export const commandsIn = (page: string): string[] => [...page.matchAll(block)].map(([, command]) => command!)

/**
 * The page with what its commands print today. An import begins in an empty folder; what follows it is run there. Throws
 * where a command fails.
 */
export async function runAgain(page: string): Promise<string> {
  const stories: string[][] = []
  for (const command of commandsIn(page)) {
    if (command.startsWith('import ')) stories.push([])
    stories.at(-1)!.push(command)
  }
  const answers = (await Promise.all(stories.map(answersOf))).flat()
  return page.replaceAll(block, (_, command: string) => {
    return `\`\`\`console\n$ stemma ${command}\n${answers.shift()}\`\`\``
  })
}

async function answersOf(commands: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-console-'))
  try {
    const answers: string[] = []
    for (const command of commands) {
      const words = command.split(' ').map(word => (word.startsWith('test/') ? join(root, word) : word))
      const { code, stdout, stderr } = await stemma(folder, words)
      if (code !== 0) throw new Error(`stemma ${command} ended with ${code}: ${stderr}`)
      answers.push(
        stdout
          .replaceAll(`${folder}/`, '')
          .split('\n')
          .map(line => line.trimEnd())
          .join('\n'),
      )
    }
    return answers
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
