package say

// Distance is the number of bytes to insert, delete or change to make b of a
// (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Nearest is the name that is most like a wrong one, the first of several; "" when more
// than a third of the letters would have to change, or of a wrong one of more than 64 bytes.
func Nearest(wrong string, known []string) (name string) {
	if len(wrong) > 64 {
		return ""
	}
	least := len(wrong)/3 + 1
	for _, k := range known {
		if far := Distance(wrong, k); far < least {
			name, least = k, far
		}
	}
	return name
}
