import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WireFault } from './wire-fault.ts';

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const ABSURD_SECONDS = 999_999_999;
const SHAPES = { object: '{"items":[]}', null: 'null', number: '42', string: '"none"' };

/** Whether the right answer is still to be made, another was given in its place, or there will be none. */
export type Outcome = 'right' | 'another' | 'none';

/**
 * Gives a struck call an answer in place of the right one, or none at all; for faults that spoil the right answer
 * it does nothing.
 *
 * @param now milliseconds, by the simulator's clock
 */
export async function answerInstead(
  fault: WireFault,
  request: FastifyRequest,
  reply: FastifyReply,
  now: number,
): Promise<Outcome> {
  switch (fault.kind) {
    case 'rate_limited':
      reply
        .code(429)
        .headers(retryAfter(fault.retryAfter, now))
        .send({ errors: ['API rate limit exceeded for organization'] });
      return 'another';
    case 'server_error':
      serverError(fault, reply);
      return 'another';
    case 'cut':
      if (fault.where !== 'before') return 'right';
      reply.hijack();
      reply.raw.destroy();
      return 'none';
    case 'hang':
      if (await waitsFor(reply, fault.seconds)) return 'right';
      reply.hijack();
      return 'none';
    case 'html_200':
      reply.type(HTML).send(page('Service temporarily unavailable'));
      return 'another';
    case 'empty_body':
      reply.type(JSON_TYPE).send('');
      return 'another';
    case 'redirect':
      reply.redirect(locationOf(fault, request), fault.status);
      return 'another';
    case 'token_expired':
      reply.code(400).send({ errors: ["'startingAfter' is not a valid page token"] });
      return 'another';
    case 'wrong_shape':
      reply.type(JSON_TYPE).send(SHAPES[fault.as]);
      return 'another';
    case 'huge_body':
      if (fault.as === 'padded') return 'right';
      reply.type(JSON_TYPE).send(`"${'x'.repeat(fault.bytes)}"`);
      return 'another';
    default:
      return 'right';
  }
}

function retryAfter(asked: number | 'missing' | 'date' | 'absurd', now: number): Record<string, string> {
  if (asked === 'missing') return {};
  if (asked === 'date') return { 'retry-after': new Date(now + 2_000).toUTCString() };
  return { 'retry-after': String(asked === 'absurd' ? ABSURD_SECONDS : asked) };
}

function serverError(
  { status, body }: Extract<WireFault, { kind: 'server_error' }>,
  reply: FastifyReply,
): void {
  reply.code(status);
  if (body === 'html') reply.type(HTML).send(page(`${status} from a proxy`));
  else if (body === 'empty') reply.send();
  else reply.send({ errors: ['Internal error'] });
}

/** Whether the client is still there after so many seconds; without any, waits until it is not. */
function waitsFor(reply: FastifyReply, seconds: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = seconds === undefined ? undefined : setTimeout(() => end(true), seconds * 1_000);
    const leave = () => end(false);
    const end = (stays: boolean) => {
      clearTimeout(timer);
      reply.raw.off('close', leave);
      resolve(stays);
    };
    reply.raw.once('close', leave);
  });
}

function locationOf(fault: Extract<WireFault, { kind: 'redirect' }>, request: FastifyRequest): string {
  switch (fault.to) {
    case 'shard': {
      const other = request.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
      return `http://${other}:${request.port}${request.url}`;
    }
    case 'loop':
      return `http://${request.host}/simulator/loop?hop=1`;
    case 'untrusted':
      return fault.url;
    case 'plain_http':
      return new URL(request.url, fault.url).href;
  }
}

function page(title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
}
