//! LLD's diagnostics as the Go linker would word them.

use std::path::PathBuf;

use crate::LinkOptions;

/// Undefined symbols become `caller: relocation target S not defined`; anything else is passed through. Never empty.
pub fn translate(text: &str, opts: &LinkOptions, files: &[PathBuf]) -> String {
    let package = |line: &str| -> Option<&str> {
        // The first file is our own object.
        let i = files.iter().position(|f| line.contains(&*f.display().to_string()))?;
        opts.objects.get(i.checked_sub(1)?).map(|o| o.package.as_str())
    };
    // C objects: the package, and the compiler's words for what is missing.
    let foreign = |line: &str| -> Option<&str> {
        let host = opts.host.as_ref()?;
        let behind = 1 + opts.objects.iter().map(|o| 1 + usize::from(o.assembly.is_some())).sum::<usize>();
        let i = files.iter().skip(behind).position(|f| line.contains(&*f.display().to_string()))?;
        host.objects.get(i).map(|o| o.0.as_str())
    };
    let mut out: Vec<String> = Vec::new();
    // The symbol, and whether anybody was seen to refer to it.
    let mut undefined: Option<(String, bool)> = None;
    let nobody = |u: Option<(String, bool)>, out: &mut Vec<String>| {
        if let Some((u, false)) = u {
            out.push(format!("relocation target {u} not defined"));
        }
    };
    for line in text.lines() {
        if let Some(i) = line.find("undefined ")
            && let Some(k) = line[i..].find("symbol: ")
        {
            nobody(undefined.take(), &mut out);
            undefined = Some((line[i + k + 8..].to_string(), false));
            continue;
        }
        if let Some((u, seen)) = &mut undefined {
            if let (Some(p), Some(caller)) = (foreign(line), referrer(line)) {
                *seen = true;
                let s = if caller.is_empty() { format!("{p}: undefined reference to `{u}'") } else { format!("{p}: in function `{caller}': undefined reference to `{u}'") };
                if !out.contains(&s) {
                    out.push(s);
                }
                continue;
            }
            if let Some(caller) = referrer(line) {
                *seen = true;
                let from = match package(line) {
                    _ if !caller.is_empty() => caller,
                    Some(p) => p.to_string(),
                    None => described(u),
                };
                let s = format!("{from}: relocation target {u} not defined");
                if !out.contains(&s) {
                    out.push(s);
                }
                continue;
            }
            if line.starts_with(">>>") || line.trim().is_empty() {
                continue;
            }
            nobody(undefined.take(), &mut out);
        }
        if line.contains("relocation R_X86_64_") && line.contains(" out of range: ") {
            // Code addresses everything within 2 GiB; one message instead of thousands.
            let s = "program too large: code and data together exceed 2 GB".to_string();
            if !out.contains(&s) {
                out.push(s);
            }
        } else if let Some(i) = line.find("duplicate symbol: ") {
            out.push(format!("duplicated definition of symbol {}", &line[i + 18..]));
        } else if !line.trim().is_empty() && !line.starts_with(">>>") {
            out.push(line.trim_start_matches("ld.lld: ").to_string());
        }
    }
    nobody(undefined, &mut out);
    if out.is_empty() {
        // Killed, or out of memory.
        out.push(match text.trim() {
            "" => "linking failed".to_string(),
            t => t.to_string(),
        });
    }
    out.join("\n")
}

/// What refers to a symbol that only our own object names: the descriptor of the type that it is a method of.
pub(crate) fn described(method: &str) -> String {
    let name = match method.rfind('.') {
        Some(i) if i > 0 => &method[..i],
        _ => method,
    };
    match name.rsplit_once("(*") {
        Some((package, t)) => format!("type:*{package}{}", t.trim_end_matches(')')),
        None => format!("type:{name}"),
    }
}

/// `>>>   /tmp/x/3.o:(main.f)` or `...:(.text.3+0x10)` -> the function's name, or "" when only a section is named.
fn referrer(line: &str) -> Option<String> {
    let l = line.strip_prefix(">>>")?;
    let i = l.rfind(":(")?;
    let inner = l[i + 2..].strip_suffix(')')?;
    let inner = inner.strip_prefix("function ").unwrap_or(inner);
    let name = match inner.rfind(": ") {
        Some(k) if inner[k..].contains('+') => &inner[..k],
        _ => inner,
    };
    Some(if name.starts_with('.') { String::new() } else { name.to_string() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn undefined_symbols() {
        let opts = crate::LinkOptions::new("x", crate::Input::Bytes(vec![]));
        let t = "ld.lld: error: undefined symbol: main.g\n>>> referenced by a.go:3\n>>>               /t/1.o:(main.f)\n";
        assert_eq!(super::translate(t, &opts, &[]), "main.f: relocation target main.g not defined");
        // A method of a descriptor, by way of our own object.
        let t = "ld.lld: error: undefined hidden symbol: a/b.(*T).M\n>>> referenced by /t/go.link.o:(.go.live+0x0)\n";
        assert_eq!(super::translate(t, &opts, &["/t/go.link.o".into()]), "type:*a/b.T: relocation target a/b.(*T).M not defined");
    }

    #[test]
    fn never_empty() {
        let opts = crate::LinkOptions::new("x", crate::Input::Bytes(vec![]));
        let tr = |t: &str| super::translate(t, &opts, &[]);
        assert_eq!(tr(""), "linking failed");
        assert_eq!(tr("ld.lld: error: undefined symbol: p.f\n"), "relocation target p.f not defined");
        assert_eq!(tr("error: undefined symbol: p.f\nerror: undefined symbol: p.g\n"), "relocation target p.f not defined\nrelocation target p.g not defined");
        assert_eq!(tr(">>> what\n"), ">>> what");
    }
}
