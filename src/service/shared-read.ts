/**
 * Lets many share one read: while it runs, whoever asks waits for the next one, which begins when it ends. So nobody is answered with what was read
 * before they asked, and however many ask, one read runs at a time.
 */
export function sharedRead<Key, Result>(read: (key: Key) => Promise<Result>): (key: Key) => Promise<Result> {
  const running = new Map<Key, Promise<void>>();
  const waiting = new Map<Key, Promise<Result>>();

  const start = (key: Key): Promise<Result> => {
    const result = read(key);
    const ended: Promise<void> = result.then(
      () => undefined,
      () => undefined,
    );
    running.set(key, ended);
    void ended.then(() => {
      if (running.get(key) === ended) running.delete(key);
    });
    return result;
  };
  return (key) => {
    const before = running.get(key);
    if (before === undefined) return start(key);
    const known = waiting.get(key);
    if (known !== undefined) return known;
    const next = before.then(() => {
      waiting.delete(key);
      return start(key);
    });
    waiting.set(key, next);
    return next;
  };
}
