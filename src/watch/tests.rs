//! The lines that messages become.

use super::*;

/// The lines of these messages; `cut` begins another connection.
fn lines(messages: &[Value]) -> (String, Option<String>) {
    let (mut seen, mut out) = (Seen::default(), Vec::new());
    for message in messages {
        if message == "cut" {
            seen.begins();
            continue;
        }
        assert!(print(message, false, &mut seen, &mut out).is_ok_and(|done| !done));
    }
    (String::from_utf8_lossy(&out).into_owned(), seen.resume)
}

fn page(items: &[u32], more: bool, seq: &str) -> Value {
    json!({ "op": "state", "id": ID, "seq": seq, "items": items, "more": more })
}

fn change(kind: &str, item: u32, seq: &str) -> Value {
    json!({ "op": "change", "id": ID, "seq": seq, "kind": kind, "item": item })
}

#[test]
fn what_is_told_anew_is_preceded_by_a_reset_and_never_stands_there_twice() {
    let reset = json!({ "op": "reset", "id": ID });
    let rows: &[(&[Value], &str, Option<&str>)] = &[
        (
            &[
                page(&[1], true, "0"),
                page(&[2], false, "7"),
                change("created", 3, "8"),
            ],
            "there 1\nthere 2\ncreated 3\n",
            Some("8"),
        ),
        // Cut before the state was whole: nothing can be resumed.
        (
            &[
                page(&[1], true, "0"),
                json!("cut"),
                page(&[1, 2], false, "9"),
            ],
            "there 1\nreset\nthere 1\nthere 2\n",
            Some("9"),
        ),
        // Resumed.
        (
            &[
                page(&[1], false, "7"),
                json!("cut"),
                change("ended", 1, "8"),
            ],
            "there 1\nended 1\n",
            Some("8"),
        ),
        // What was missed is not known any more.
        (
            &[
                page(&[1], false, "7"),
                json!("cut"),
                reset.clone(),
                page(&[2], false, "9"),
            ],
            "there 1\nreset\nthere 2\n",
            Some("9"),
        ),
        (&[page(&[1], false, "7"), reset], "there 1\nreset\n", None),
    ];
    for (messages, expected, resume) in rows {
        let (told, seq) = lines(messages);
        assert_eq!((told.as_str(), seq.as_deref()), (*expected, *resume));
    }
}
