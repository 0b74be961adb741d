/** Where `karst serve --predict` answers, and how programs ask. */
export const PREDICT_PATH = '/v1/predict';
export const OPENAPI_PATH = '/openapi.json';
/** Environment variable with the token, for the server and for the programs below. */
export const TOKEN_VARIABLE = 'KARST_TOKEN';

export const SNIPPET_LANGUAGES = ['curl', 'python', 'javascript'] as const;
export type SnippetLanguage = (typeof SNIPPET_LANGUAGES)[number];

/**
 * Programs that ask about one picture and print its classes; they take the token from the
 * environment.
 * @param origin scheme, host and port of the server
 */
export function predictSnippets(origin: string): Readonly<Record<SnippetLanguage, string>> {
  const url = `${origin}${PREDICT_PATH}`;
  return {
    curl: `curl -sS --fail-with-body -H "Authorization: Bearer $${TOKEN_VARIABLE}" \\
  --data-binary @picture.jpg "${url}?top=3"`,
    python: `import json, os, urllib.request

with open("picture.jpg", "rb") as file:
    picture = file.read()
request = urllib.request.Request(
    "${url}?top=3",
    data=picture,
    headers={
        "Authorization": "Bearer " + os.environ["${TOKEN_VARIABLE}"],
        "Content-Type": "application/octet-stream",
    },
)
with urllib.request.urlopen(request) as response:
    for one in json.load(response)["predictions"]:
        print(f"{one['probability']:.1%}  {one['label']}")`,
    javascript: `import { readFile } from 'node:fs/promises';

const response = await fetch('${url}?top=3', {
  method: 'POST',
  headers: { Authorization: \`Bearer \${process.env.${TOKEN_VARIABLE}}\` },
  body: await readFile('picture.jpg'),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
for (const { label, probability } of answer.predictions)
  console.log(\`\${(probability * 100).toFixed(1)} %  \${label}\`);`,
  };
}
