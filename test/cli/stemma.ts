/** The real command in a process of its own, and a server started with it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../..')
/** The Node that the project pins: it runs TypeScript as it is. */
export const node = join(root, 'node_modules/.bin/node')
export const main = join(root, 'src/cli/main.ts')

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = async (file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Said> => {
  const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env } }
  try {
    return { code: 0, ...(await promisify(execFile)(file, args, options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as Said
    return { code, stdout, stderr }
  }
}

/** Runs `stemma` with these words in this folder. */
export const stemma = (cwd: string, words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Said> =>
  run(node, [main, ...words], cwd, env)

/** Types a line of a guide that begins with `stemma` into a shell in this folder. */
export const typed = (cwd: string, line: string): Promise<Said> =>
  run('bash', ['-c', `stemma() { '${node}' '${main}' "$@"; }\n${line}`], cwd)

/** What a shell makes of a line. */
export const bash = (line: string): Promise<Said> => run('bash', ['-c', line], root)

export interface Server {
  /** All it printed before it was ready. */
  readonly output: string
  readonly url: string
  /** The lines it offers for pasting, by the program they call. */
  readonly curls: readonly string[]
  readonly aws: readonly string[]
  readonly process: ChildProcess
  /** Asks it to end, and resolves to its exit code and everything it said. */
  stop(signal?: NodeJS.Signals): Promise<Said>
}

/** Resolves when the server says that it is ready; throws what it said if it ends before. */
export async function serve(cwd: string, words: readonly string[] = []): Promise<Server> {
  const child = spawn(node, [main, 'serve', '--port', '0', ...words], { cwd, env: { ...process.env, NO_COLOR: '1' } })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', data => {
    stderr += data
  })
  const ended = once(child, 'close')
  await new Promise<void>((ready, fail) => {
    child.stdout.setEncoding('utf8').on('data', data => {
      stdout += data
      if (/^Ready.*\n/m.test(stdout)) ready()
    })
    void ended.then(([code]) => fail(new Error(`serve ended with ${code}: ${stdout}${stderr}`)))
  })
  const output = stdout
  const linesWith = (program: RegExp) => output.split('\n').filter(line => program.test(line))
  return {
    output,
    url: /http:\/\/[\w.:]+/.exec(output)![0],
    curls: linesWith(/^ +curl /),
    aws: linesWith(/^ +AWS_\w+=.* aws /),
    process: child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await ended
      return { code, stdout, stderr }
    },
  }
}
