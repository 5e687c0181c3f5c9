/** The tree of commands. */
import { Command } from 'commander'
import { actionsCommand } from './commands/actions.ts'
import { atCommand } from './commands/at.ts'
import { capacityCommand } from './commands/capacity.ts'
import { checkCommands } from './commands/check.ts'
import { diagramCommand } from './commands/diagram.ts'
import { doCommand } from './commands/do.ts'
import { doctorCommand } from './commands/doctor.ts'
import { historyCommand } from './commands/history.ts'
import { launchCommand } from './commands/launch.ts'
import { limitsCommand } from './commands/limits.ts'
import { listCommand } from './commands/list.ts'
import { powerCommands } from './commands/power.ts'
import { providersCommand } from './commands/providers.ts'
import { pruneCommand } from './commands/prune.ts'
import { rebuildCommand } from './commands/rebuild.ts'
import { restoreCommand } from './commands/restore.ts'
import { serveCommand } from './commands/serve.ts'
import { showCommand } from './commands/show.ts'
import { stepCommand } from './commands/step.ts'
import { surveyCommand } from './commands/survey.ts'
import { traceCommand } from './commands/trace.ts'
import { transferCommands } from './commands/transfer.ts'
import { treeCommand } from './commands/tree.ts'
import { usageCommand } from './commands/usage.ts'
import { verifyCommand } from './commands/verify.ts'
import { volumeCommands } from './commands/volumes.ts'
import { whyCommand } from './commands/why.ts'
import { version } from './version.ts'

/** What this command can do, in the order of its help. */
const commands: readonly ((program: Command) => void)[] = [
  serveCommand,
  launchCommand,
  powerCommands,
  volumeCommands,
  listCommand,
  showCommand,
  historyCommand,
  whyCommand,
  stepCommand,
  actionsCommand,
  providersCommand,
  usageCommand,
  limitsCommand,
  capacityCommand,
  treeCommand,
  doCommand,
  surveyCommand,
  verifyCommand,
  transferCommands,
  checkCommands,
  rebuildCommand,
  restoreCommand,
  pruneCommand,
  diagramCommand,
  traceCommand,
  doctorCommand,
]

export function stemma(): Command {
  const program = new Command('stemma')
    .description('Lifecycle of cloud resources, by a server if one holds the data, else on the file.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
  for (const add of commands) add(program)
  atCommand(program, stemma)
  return program
}
