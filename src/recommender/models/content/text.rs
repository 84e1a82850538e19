//! Text as features: words, and pieces of words. It does not weigh them.
//!
//! Pieces let “Küchenmesser” meet “Messer” and “knives” meet “knife”. *Source*: character n-grams with marked word
//! ends, as in Bojanowski, Grave, Joulin, Mikolov, “Enriching word vectors with subword information” (TACL 2017).

/// Words read of one text: what a shop writes first says most, and memory stays bounded.
const MOST_WORDS: usize = 200;

/// Letters in a piece. Shorter ones say little, longer ones miss the parts of compounds.
const PIECE: usize = 4;

/// The same for scripts that write without spaces, where two signs are often a word.
const DENSE_PIECE: usize = 2;

/// Calls `each` with every word in lower case; whatever is neither letter nor digit separates.
pub fn words(text: &str, mut each: impl FnMut(&str)) {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(MOST_WORDS).for_each(
        |word| {
            each(word);
        },
    );
}

/// Calls `each` with every piece of `word`, its ends marked with spaces. A word that is not longer than a piece is one.
pub fn pieces(word: &str, mut each: impl FnMut(&str)) {
    let marked = format!(" {word} ");
    let starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
    let length = if word.chars().any(is_dense) { DENSE_PIECE } else { PIECE };
    let letters = starts.len() - 1;
    if letters <= length {
        each(&marked);
        return;
    }
    for from in 0..=letters - length {
        each(&marked[starts[from]..starts[from + length]]);
    }
}

/// Thai, Lao, Burmese, Khmer; Japanese kana; Chinese signs.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(run: impl FnOnce(&mut dyn FnMut(&str))) -> Vec<String> {
        let mut found = Vec::new();
        run(&mut |piece| found.push(piece.to_owned()));
        found
    }

    #[test]
    fn words_are_lower_case_and_signs_separate() {
        assert_eq!(all(|each| words("Küchen-MESSER, 20cm (neu)", each)), ["küchen", "messer", "20cm", "neu"]);
        assert!(all(|each| words(" ,;- ", each)).is_empty());
        assert_eq!(all(|each| words(&"a ".repeat(999), each)).len(), MOST_WORDS);
    }

    #[test]
    fn a_compound_shares_pieces_with_its_last_word() {
        let compound = all(|each| pieces("küchenmesser", each));
        let word = all(|each| pieces("messer", each));
        assert_eq!(word, [" mes", "mess", "esse", "sser", "ser "]);
        assert_eq!(word.iter().filter(|piece| compound.contains(piece)).count(), 4);
        assert_eq!(all(|each| pieces("a4", each)), [" a4 "]);
        assert_eq!(all(|each| pieces("茶碗", each)), [" 茶", "茶碗", "碗 "]);
    }
}
