// Answers asked for while the code that reads them is still on its way.
const answers = new Map();

const ask = (source) => fetch(source, { headers: { Accept: "application/geo+json" } });

export function askEarly(source) {
  if (!answers.has(source)) answers.set(source, ask(source));
}

// What was asked for early, once; later the same address is asked anew.
export function takeAnswer(source) {
  const answer = answers.get(source) ?? ask(source);
  answers.delete(source);
  return answer;
}
