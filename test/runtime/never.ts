/** What a thread should import, and never has: it waits for something that does not come. */
await new Promise(() => setInterval(() => {}, 60_000))

export {}
