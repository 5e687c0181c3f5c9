import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/seeded.ts'],
    // Limits are for what hangs, and not for what a loaded computer takes long for: what is slow here waits for processes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What is looked at again and again may take as long as its test. Without this, it has a second.
    expect: { poll: { timeout: 240_000 } },
    pool: 'forks',
    // Many files wait for processes of their own: one worker for each core, where the default leaves one out.
    maxWorkers: '100%',
  },
})
