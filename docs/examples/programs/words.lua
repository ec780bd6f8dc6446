-- The words of a text: how many, which are most frequent, who speaks most.
local count, total, order = {}, 0, {}
local speaker, said = nil, {}
for line in io.lines(arg[1]) do
  speaker = line:match("^(%u%l+)%.%s*$") or speaker
  for word in line:lower():gmatch("%a+") do
    if not count[word] then count[word] = 0; order[#order + 1] = word end
    count[word] = count[word] + 1
    total = total + 1
    if speaker then said[speaker] = (said[speaker] or 0) + 1 end
  end
end
table.sort(order, function(a, b)
  if count[a] ~= count[b] then return count[a] > count[b] end
  return a < b
end)
print(string.format("%d words, %d different", total, #order))
local entropy = 0.0
for _, word in ipairs(order) do
  local share = count[word] / total
  entropy = entropy - share * math.log(share, 2)
end
print(string.format("%.6f bits a word", entropy))
for i = 1, 12 do print(i, order[i], count[order[i]]) end
local speakers = {}
for name in pairs(said) do speakers[#speakers + 1] = name end
table.sort(speakers, function(a, b)
  if said[a] ~= said[b] then return said[a] > said[b] end
  return a < b
end)
for i = 1, math.min(8, #speakers) do print(speakers[i], said[speakers[i]]) end
