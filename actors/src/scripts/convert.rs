//! Values into a script and out of it.
//!
//! ```text
//!  null ⇄ null, undefined ▸   Bool ⇄ boolean   String ⇄ string   List ⇄ array   Map ⇄ object   Bytes ⇄ Uint8Array
//!  Int ⇄ number up to 2^53, bigint beyond   BigInt ⇄ bigint   Double ⇄ number   Date ⇄ Date
//! ```
//!
//! Never: calls a global of the script for it; constructors come from the prelude as `tools`.

use codec::Value;
use rquickjs::{Array, Coerced, Ctx, Function, IntoJs, Object, TypedArray, Value as JsValue};

/// Deepest nesting: cycles end here.
const MAX_DEPTH: usize = 64;
/// Most values in one, so that a shared array of arrays does not unfold without end.
const MAX_VALUES: usize = 1_000_000;
/// Largest whole number that a script's numbers hold exactly.
const MAX_EXACT: i64 = 1 << 53;

/// A value as the script sees it.
pub(super) fn to_js<'js>(
    ctx: &Ctx<'js>,
    value: &Value,
    tools: &Object<'js>,
) -> rquickjs::Result<JsValue<'js>> {
    let made = |tool: &str, argument: JsValue<'js>| -> rquickjs::Result<JsValue<'js>> {
        tools.get::<_, Function<'js>>(tool)?.call((argument,))
    };
    match value {
        Value::Null => Ok(JsValue::new_null(ctx.clone())),
        Value::Bool(truth) => Ok(JsValue::new_bool(ctx.clone(), *truth)),
        Value::Int(number) if (-MAX_EXACT..=MAX_EXACT).contains(number) => {
            Ok(JsValue::new_number(ctx.clone(), *number as f64))
        }
        Value::Int(number) => JsValue::new_big_int(ctx.clone(), *number),
        Value::BigInt(digits) => made("bigint", digits.as_str().into_js(ctx)?),
        Value::Double(number) => Ok(JsValue::new_number(ctx.clone(), *number)),
        Value::String(text) => text.as_str().into_js(ctx),
        Value::Date(ms) => made("date", JsValue::new_number(ctx.clone(), *ms as f64)),
        Value::Bytes(bytes) => {
            TypedArray::<u8>::new_copy(ctx.clone(), bytes).map(TypedArray::into_value)
        }
        Value::List(items) => {
            let array = Array::new(ctx.clone())?;
            for (n, item) in items.iter().enumerate() {
                array.set(n, to_js(ctx, item, tools)?)?;
            }
            Ok(array.into_value())
        }
        Value::Map(entries) => {
            let object: Object<'js> = tools.get::<_, Function<'js>>("map")?.call(())?;
            for (key, item) in entries {
                object.set(key.as_str(), to_js(ctx, item, tools)?)?;
            }
            Ok(object.into_value())
        }
    }
}

/// What the script made, as a value; the text says why it is none.
pub(super) fn from_js<'js>(value: &JsValue<'js>, tools: &Object<'js>) -> Result<Value, String> {
    let mut reader = Reader {
        tools,
        left: MAX_VALUES,
    };
    reader.value(value, MAX_DEPTH)
}

struct Reader<'a, 'js> {
    tools: &'a Object<'js>,
    left: usize,
}

impl<'js> Reader<'_, 'js> {
    fn value(&mut self, value: &JsValue<'js>, depth: usize) -> Result<Value, String> {
        if depth == 0 {
            return Err("a value is nested too deep or holds itself".to_owned());
        }
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| "a value is too large".to_owned())?;
        if value.is_null() || value.is_undefined() {
            Ok(Value::Null)
        } else if let Some(truth) = value.as_bool() {
            Ok(Value::Bool(truth))
        } else if let Some(number) = value.as_number() {
            from_number(number)
        } else if let Some(text) = value.as_string() {
            text.to_string().map(Value::String).map_err(broken)
        } else if value.is_big_int() {
            let Coerced(digits) = value.get::<Coerced<String>>().map_err(broken)?;
            Ok(digits.parse().map_or(Value::BigInt(digits), Value::Int))
        } else if let Some(array) = value.as_array() {
            self.list(array.len(), array.as_object(), depth)
                .map(Value::List)
        } else if let Some(object) = value.as_object() {
            self.object(object, depth)
        } else {
            Err(format!("a {} is not a value", value.type_name()))
        }
    }

    fn list(
        &mut self,
        length: usize,
        array: &Object<'js>,
        depth: usize,
    ) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        for n in 0..length {
            // An index beyond 32 bits does not get here: so many values are too many.
            let index = u32::try_from(n).map_err(|_| "a value is too large".to_owned())?;
            let item: JsValue<'js> = array.get(index).map_err(broken)?;
            items.push(self.value(&item, depth - 1)?);
        }
        Ok(items)
    }

    fn object(&mut self, object: &Object<'js>, depth: usize) -> Result<Value, String> {
        if object.is_function() || object.as_value().is_promise() {
            return Err("a function or promise is not a value".to_owned());
        }
        if let Ok(bytes) = TypedArray::<u8>::from_object(object.clone()) {
            let mut out = Vec::new();
            for n in 0..bytes.len() {
                let index = u32::try_from(n).map_err(|_| "a value is too large".to_owned())?;
                out.push(bytes.as_object().get(index).map_err(broken)?);
            }
            return Ok(Value::Bytes(out));
        }
        let date_of: Function<'js> = self.tools.get("dateOf").map_err(broken)?;
        let date: JsValue<'js> = date_of.call((object.clone(),)).map_err(broken)?;
        if let Some(ms) = date.as_number() {
            if !ms.is_finite() {
                return Err("a date is invalid".to_owned());
            }
            return Ok(Value::Date(ms as i64));
        }
        let mut entries = Vec::new();
        for key in object.keys::<String>() {
            let key = key.map_err(broken)?;
            let item: JsValue<'js> = object.get(key.as_str()).map_err(broken)?;
            // As JSON: what is no value is left out of an object.
            if item.is_function() || item.is_symbol() || item.is_undefined() {
                continue;
            }
            entries.push((key, self.value(&item, depth - 1)?));
        }
        Ok(Value::Map(entries))
    }
}

/// Whole numbers are whole: scripts do not tell 1 from 1.0.
fn from_number(number: f64) -> Result<Value, String> {
    if !number.is_finite() {
        return Err(format!("{number} is not a value"));
    }
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT as f64 {
        return Ok(Value::Int(number as i64));
    }
    Ok(Value::Double(number))
}

fn broken(error: rquickjs::Error) -> String {
    format!("a value could not be read: {error}")
}
