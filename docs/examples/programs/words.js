// The scenes of a play, as JSON, with their longest words and commonest ending; then digits of pi.
import * as std from 'qjs:std';

const text = std.loadFile(scriptArgs[1]);
const scenes = [];
for (const part of text.split(/^(?=Scene [IVX]+\.)/m)) {
  const words = part.match(/[A-Za-z]+(?:'[a-z]+)?/g) ?? [];
  const seen = new Map();
  for (const word of words) seen.set(word.toLowerCase(), (seen.get(word.toLowerCase()) ?? 0) + 1);
  const order = (a, b) => b.length - a.length || (a < b ? -1 : 1);
  const longest = [...seen.keys()].sort(order).slice(0, 3);
  const rhymes = {};
  for (const word of seen.keys()) (rhymes[word.slice(-3)] ??= []).push(word);
  const longer = (a, b) => (b[1].length > a[1].length ? b : a);
  const [ending, group] = Object.entries(rhymes).reduce(longer, ['', []]);
  scenes.push({
    heading: part.trim().split('\n')[0].slice(0, 40),
    words: words.length,
    longest,
    ending: `-${ending}: ${group.length}`,
    mean: words.reduce((sum, word) => sum + word.length, 0) / Math.max(1, words.length),
  });
}
console.log(JSON.stringify({ scenes: scenes.length, first: scenes.slice(0, 24) }, null, 1));
const digits = (n) => { // Of pi, by Machin's formula in whole numbers.
  const unity = 10n ** BigInt(n + 10);
  const arctan = (x) => {
    let term = unity / x, sum = term;
    for (let k = 3n, sign = -1n; term; k += 2n, sign = -sign) sum += sign * ((term /= x * x) / k);
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) / 10n ** 10n;
};
console.log(String(digits(1000)).slice(-60));
