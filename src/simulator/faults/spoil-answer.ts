import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { WireFault } from './wire-fault.ts';

/** Alters a right answer on its way out, as the fault wants it. */
export function spoilAnswer(fault: WireFault, reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  switch (fault.kind) {
    case 'cut':
      if (fault.where === 'within') return halfOf(reply, payload);
      // The client has a whole answer, and a connection that it believes to be good for the next one.
      if (fault.where === 'after') reply.raw.once('finish', () => reply.raw.socket?.destroy());
      return payload;
    case 'truncated_json':
      return payload.slice(0, Math.max(1, payload.length >> 1));
    case 'wrong_content_type':
      reply.header('content-type', 'text/html; charset=utf-8');
      return payload;
    case 'huge_body':
      return fault.as === 'padded' ? `${' '.repeat(fault.bytes)}${payload}` : payload;
    case 'next_link':
      setNext(reply, fault.to);
      return payload;
    case 'token_loop': {
      const first = /<([^>]*)>; rel=first/.exec(linkOf(reply))?.[1];
      if (first !== undefined) setNext(reply, first);
      return payload;
    }
    default:
      return payload;
  }
}

/** Promises the whole body and breaks off after half of it. */
function halfOf(reply: FastifyReply, payload: string): Readable {
  const body = Buffer.from(payload);
  reply.header('content-length', body.length);
  const half = body.subarray(0, body.length >> 1);
  const { raw } = reply;
  return new Readable({
    read() {
      raw.flushHeaders();
      raw.write(half, () => raw.destroy());
    },
  });
}

function linkOf(reply: FastifyReply): string {
  return String(reply.getHeader('link') ?? '');
}

function setNext(reply: FastifyReply, url: string): void {
  if (reply.statusCode !== 200) return;
  const others = linkOf(reply)
    .split(', ')
    .filter((link) => link !== '' && !link.endsWith('rel=next'));
  reply.header('link', [...others, `<${url}>; rel=next`].join(', '));
}
