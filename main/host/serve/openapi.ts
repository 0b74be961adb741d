import { bytesInWords } from '../../../shared/domain/bytes-in-words.ts';
import { ERROR_CODES } from '../../../shared/domain/error-report.ts';
import { PREDICT_PATH } from '../../../shared/domain/predict-snippets.ts';

/** What a server of predictions answers about. */
export interface Served {
  readonly name: string;
  readonly labels: readonly string[];
}

const json = (schema: object): object => ({ 'application/json': { schema } });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

const ERRORS: Readonly<Record<string, string>> = {
  400: 'Wrong usage, as the sentence says.',
  401: 'The token is missing or wrong.',
  413: 'The body is larger than a picture may be.',
  415: 'The body is no picture of a kind that is read.',
  422: 'The picture is damaged.',
  500: 'The prediction failed.',
};

/** The description of a server of predictions, as OpenAPI 3.1.1. */
export function openapi(
  { name, labels }: Served,
  limits: { readonly top: number; readonly bytes: number },
  { origin, version }: { readonly origin: string; readonly version: string },
): object {
  return {
    openapi: '3.1.1',
    info: {
      title: `Predictions of ${name}`,
      version,
      description: `Served by KARST Studio. Pictures of at most ${bytesInWords(limits.bytes)}.`,
    },
    servers: [{ url: origin }],
    security: [{ token: [] }],
    paths: {
      [PREDICT_PATH]: {
        post: {
          operationId: 'predict',
          summary: 'The likeliest classes of a picture',
          parameters: [
            {
              name: 'top',
              in: 'query',
              description: 'How many classes.',
              schema: { type: 'integer', minimum: 1, maximum: limits.top, default: 5 },
            },
          ],
          requestBody: {
            required: true,
            description: 'The picture’s file itself, whatever its format.',
            content: { 'application/octet-stream': {}, 'image/*': {} },
          },
          responses: {
            200: { description: 'The likeliest first.', content: json(ref('Answer')) },
            ...Object.fromEntries(
              Object.entries(ERRORS).map(([status, description]) => [
                status,
                { description, content: json(ref('Failure')) },
              ]),
            ),
          },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Answer: {
          type: 'object',
          required: ['model', 'predictions'],
          properties: {
            model: { type: 'string' },
            predictions: { type: 'array', items: ref('Prediction') },
          },
        },
        Prediction: {
          type: 'object',
          required: ['label', 'probability'],
          properties: {
            label: { type: 'string', enum: labels },
            probability: { type: 'number', minimum: 0, maximum: 1 },
          },
        },
        Failure: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message', 'hint'],
              properties: {
                code: { type: 'string', enum: ERROR_CODES },
                message: { type: 'string' },
                hint: { type: 'string' },
              },
            },
          },
        },
      },
    },
  };
}
