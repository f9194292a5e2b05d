import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { OutputError } from '../../../src/errors.ts';
import { ReaderGoneError, streamSink } from '../../../src/export/sink.ts';

/** A stream that takes what it is given only when told to. */
function heldStream() {
  const held: { chunk: string; taken: (error?: Error) => void }[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    decodeStrings: false,
    write: (chunk, _encoding, taken) => void held.push({ chunk: String(chunk), taken }),
  });
  return { stream, held };
}

const never = new AbortController().signal;

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const settled = promise.then(
    () => true,
    () => true,
  );
  // A turn of the event loop: all that can be settled by now is.
  const turn = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([settled, turn])) !== pending;
}

test('writing waits until the stream has room again', async () => {
  const { stream, held } = heldStream();
  const sink = streamSink(stream, never);
  await sink.write('abc');
  const second = sink.write('defg');
  expect(await isSettled(second)).toBe(false);
  held[0]?.taken();
  await new Promise(setImmediate);
  expect(await isSettled(second)).toBe(false);
  held[1]?.taken();
  await second;
});

test('flushing waits until all is out', async () => {
  const { stream, held } = heldStream();
  const sink = streamSink(stream, never);
  await sink.write('abc');
  const flushed = sink.flush();
  expect(await isSettled(flushed)).toBe(false);
  held[0]?.taken();
  await new Promise(setImmediate);
  held[1]?.taken();
  await flushed;
});

test.each(['EPIPE', 'ECONNRESET'])('%s says that the reader is gone', async (code) => {
  const { stream, held } = heldStream();
  const sink = streamSink(stream, never);
  const write = sink.write('abcdef');
  held[0]?.taken(Object.assign(new Error('gone'), { code }));
  await expect(write).rejects.toThrow(ReaderGoneError);
  await expect(sink.write('more')).rejects.toThrow(ReaderGoneError);
  await expect(sink.flush()).rejects.toThrow(ReaderGoneError);
});

test('a stream that is closed says that the reader is gone', async () => {
  const { stream } = heldStream();
  const write = streamSink(stream, never).write('abcdef');
  stream.destroy();
  await expect(write).rejects.toThrow(ReaderGoneError);
});

test('any other failure is one of the output', async () => {
  const { stream, held } = heldStream();
  const write = streamSink(stream, never).write('abcdef');
  held[0]?.taken(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
  await expect(write).rejects.toThrow(OutputError);
  await expect(write).rejects.toThrow('no space left');
});

test('waiting ends when the signal is given', async () => {
  const { stream } = heldStream();
  const controller = new AbortController();
  const write = streamSink(stream, controller.signal).write('abcdef');
  controller.abort(new Error('stopped'));
  await expect(write).rejects.toThrow('stopped');
});
