import { Ajv } from 'ajv';
import formats from 'ajv-formats';

const ajv = new Ajv({ allErrors: true });
formats.default(ajv);

const id = { type: 'string', minLength: 1 };

/** An answer of getOrganizationWebhooksLogs, from the documented and captured facts. */
export const webhookLogsSchema = {
  type: 'array',
  maxItems: 1_000,
  items: {
    type: 'object',
    additionalProperties: false,
    required: [
      'organizationId',
      'networkId',
      'alertType',
      'url',
      'sentAt',
      'loggedAt',
      'responseCode',
      'responseDuration',
    ],
    properties: {
      organizationId: { ...id, pattern: '^\\d+$' },
      networkId: { ...id, pattern: '^[NL]_\\d+$' },
      alertType: { type: 'string' },
      url: { ...id, format: 'uri' },
      sentAt: { $ref: '#/definitions/microseconds' },
      loggedAt: { $ref: '#/definitions/microseconds' },
      responseCode: { type: 'integer', anyOf: [{ const: -1 }, { minimum: 100, maximum: 599 }] },
      responseDuration: { type: 'integer', minimum: 0 },
    },
  },
  definitions: {
    microseconds: {
      type: 'string',
      format: 'date-time',
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$',
    },
  },
};

/** An answer of getOrganizationApiRequestsOverviewResponseCodesByInterval. */
export const responseCodesSchema = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['startTs', 'endTs', 'counts'],
    properties: {
      startTs: { $ref: '#/definitions/seconds' },
      endTs: { $ref: '#/definitions/seconds' },
      counts: {
        type: 'array',
        uniqueItems: true,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['code', 'count'],
          properties: {
            code: { type: 'integer', minimum: 100, maximum: 599 },
            count: { type: 'integer', minimum: 1 },
          },
        },
      },
    },
  },
  definitions: {
    seconds: {
      type: 'string',
      format: 'date-time',
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
    },
  },
};

/** What every refusal looks like. */
export const errorsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['errors'],
  properties: { errors: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } },
};

const validators = {
  webhookLogs: ajv.compile(webhookLogsSchema),
  responseCodes: ajv.compile(responseCodesSchema),
  errors: ajv.compile(errorsSchema),
};

/** What is wrong with an answer; empty when nothing is. */
export function faultsOf(kind: keyof typeof validators, answer: unknown): string[] {
  const validate = validators[kind];
  validate(answer);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
