/** Who reads the output of a command may stop at any line: `stemma list instance | head -1`. That is no failure. */

/** Ends the process quietly once nobody reads what it prints. */
export function endWithItsReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whatever was asked for is committed or is not: ending here is no worse than ending anywhere.
      if (error.code === 'EPIPE') process.exit()
      throw error
    })
}
